"""Write the report."""

from pathlib import Path

from mmsent.files import read_json, write_text
from mmsent.report.arguments import results_of, results_parser
from mmsent.report.data import data_values
from mmsent.report.document import report_values
from mmsent.report.problems import memory_table
from mmsent.report.render import rendered
from mmsent.report.versions import Findings, adjustments_table, by_experiment
from mmsent.tables import read_numbers, read_table


def main() -> None:
    """Read the command line and write the report."""
    parser = results_parser(__doc__)
    parser.add_argument("--card", required=True, help="numbers of the data card")
    parser.add_argument("--costs", required=True, help="costs by rule")
    parser.add_argument("--efficiency", required=True, help="numbers of the figure of costs")
    parser.add_argument("--fixes", required=True, help="what the remedies change")
    parser.add_argument("--provenance", required=True)
    parser.add_argument("--eda", required=True, nargs="+", type=Path, help="numbers of the figures")
    parser.add_argument("--curves", required=True, help="numbers of the training curves")
    parser.add_argument("--bad-cases", required=True, help="numbers of the bad cases")
    parser.add_argument("--scores", required=True, nargs="+", type=Path, help="of each table")
    parser.add_argument("--tests", required=True, nargs="+", type=Path, help="of each table")
    parser.add_argument("--seeds", nargs="*", default=[], type=Path, help="spreads over seeds")
    parser.add_argument("--submissions", required=True, nargs="+", type=Path, help="their numbers")
    parser.add_argument("--searches", nargs="*", default=[], type=Path, help="of all folds")
    parser.add_argument("--deviations", required=True, help="where the study was left (CSV)")
    parser.add_argument("--vlm", nargs="*", default=[], help="scores of vision-language models")
    parser.add_argument("--out", required=True, type=Path)
    args = parser.parse_args()
    results, printed = results_of(args)
    findings = Findings(
        read_json(args.curves),
        read_json(args.bad_cases),
        {path.stem: read_numbers(path) for path in args.scores},
        {path.stem: read_json(path) for path in args.tests},
        {name: only for name, (only,) in by_experiment(args.seeds, "seeds").items()},
        {name: only for name, (only,) in by_experiment(args.submissions, "submission").items()},
        by_experiment(args.searches, "search"),
        read_json(args.efficiency),
        read_json(args.fixes),
    )
    vlm = [read_numbers(path) for path in args.vlm]
    files = {r.name: path for r, path in zip(results, args.experiments, strict=True)}
    eda = {path.stem: read_json(path) for path in args.eda}
    costs = read_table(args.costs)
    values = report_values(results, printed, findings, *vlm)
    values |= data_values(read_json(args.card), eda["images"], printed)
    values |= {
        "adjustments": adjustments_table(args.adjustments, files, *vlm),
        "deviations": read_table(args.deviations),
        "eda": eda,
        "costs": costs,
        "memory": memory_table(costs),
        "provenance": read_json(args.provenance),
    }
    write_text(args.out, rendered("report.md.j2", **values))


if __name__ == "__main__":
    main()
