"""Write the table of the vision-language models beside the versions on the same posts."""

from pathlib import Path

from mmsent.config.experiment import EXPERIMENTS
from mmsent.config.vlm import load_prompted
from mmsent.evaluation.arguments import bootstrap_of, bootstrap_parser
from mmsent.evaluation.runs import files_of, tables_of
from mmsent.files import read_json, settings_argument, write_text
from mmsent.report.render import rendered
from mmsent.report.results import PrintedFigures
from mmsent.report.versions import by_experiment
from mmsent.report.vlm import VlmFindings, vlm_scores, vlm_values
from mmsent.tables import read_numbers, read_table, write_table


def main() -> None:
    """Read the runs, write the numbers as CSV and what is said of them as Markdown."""
    parser = bootstrap_parser(__doc__)
    parser.add_argument("--experiments", required=True, nargs="+", help="their names")
    parser.add_argument("--versions", required=True, nargs="+", help="names of the versions")
    parser.add_argument("--adjustments", required=True, type=settings_argument,
                        help="what is set otherwise than in the experiments' files")  # fmt: skip
    parser.add_argument("--folds", required=True, help="fold table")
    parser.add_argument("--predictions", required=True, nargs="+", type=Path, help="of all runs")
    parser.add_argument("--runs", required=True, nargs="+", type=Path, help="metrics of all runs")
    parser.add_argument("--costs", required=True, nargs="+", type=Path,
                        help="costs of the runs of vision-language models")  # fmt: skip
    parser.add_argument("--paper", nargs="*", default=[], type=Path,
                        help="metrics under the study's own protocol, if it was run")  # fmt: skip
    parser.add_argument("--reported", required=True, help="the study's figures (CSV)")
    parser.add_argument("--markdown", required=True, type=Path)
    parser.add_argument("--csv", required=True, type=Path)
    args = parser.parse_args()
    every = [*args.experiments, *args.versions]
    found = VlmFindings(
        {name: tables_of(name, args.predictions) for name in every},
        {name: [read_json(path) for path in files_of(name, args.runs)] for name in every},
        by_experiment(args.costs, "vlm"),
        {path.stem: read_json(path) for path in args.paper},
    )
    experiments = {
        name: load_prompted(EXPERIMENTS / f"{name}.yaml", args.adjustments.get(name))
        for name in args.experiments
    }
    folds = read_table(args.folds)
    scores = vlm_scores(experiments, args.versions, found, folds, **bootstrap_of(args))
    write_table(args.csv, scores)
    # From the file, so that the report, which has nothing else, says the same.
    values = vlm_values(read_numbers(args.csv), PrintedFigures(args.reported))
    write_text(args.markdown, rendered("vlm.md.j2", vlm=values))


if __name__ == "__main__":
    main()
