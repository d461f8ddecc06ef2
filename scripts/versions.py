"""Write the table of the model versions, and what carries it."""

from pathlib import Path

from mmsent.config.experiment import load_experiment
from mmsent.files import write_text
from mmsent.report.arguments import document_parser, document_values
from mmsent.report.comparison import optimism_table, versions_table
from mmsent.report.render import rendered
from mmsent.report.results import PrintedFigures


def main() -> None:
    """Read the command line and write the document."""
    parser = document_parser(__doc__)
    parser.add_argument("--experiments", required=True, nargs="+", type=Path)
    args = parser.parse_args()
    values = document_values(args)
    table = versions_table(values["scores"], PrintedFigures(args.reported))
    experiments = [load_experiment(path) for path in args.experiments]
    values |= {"table": table, "optimism": optimism_table(values["scores"])}
    text = rendered("versions.md.j2", name="versions", experiments=experiments, **values)
    write_text(args.markdown, text)


if __name__ == "__main__":
    main()
