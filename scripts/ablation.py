"""Write the ablation: its table, and what carries it."""

from mmsent.files import write_text
from mmsent.report.arguments import document_parser, document_values
from mmsent.report.comparison import ablation_beside_study, ablation_table, classes_table
from mmsent.report.render import rendered
from mmsent.report.results import PrintedFigures


def main() -> None:
    """Read the command line and write the document."""
    args = document_parser(__doc__).parse_args()
    values = document_values(args)
    scores = values["scores"]
    values |= {
        "table": ablation_table(scores),
        "beside_study": ablation_beside_study(scores, PrintedFigures(args.reported)),
        "classes": classes_table(scores),
    }
    write_text(args.markdown, rendered("ablation.md.j2", name="ablation", **values))


if __name__ == "__main__":
    main()
