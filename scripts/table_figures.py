"""Draw the figures of a table of experiments: scores, gains, classes, reliability."""

import argparse
from pathlib import Path

from mmsent.figures.classes import classes_figure
from mmsent.figures.gains import figure_pairs, gains_figure
from mmsent.figures.reliability import reliability_figure
from mmsent.figures.scores import scores_figure
from mmsent.figures.style import save_figure
from mmsent.files import read_json, settings_argument, write_json
from mmsent.report.results import PrintedFigures
from mmsent.report.statistics import FAMILIES
from mmsent.tables import read_table


def main() -> None:
    """Read the table and what belongs to it, draw its figures and write the numbers."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scores", required=True, type=Path, help="CSV, a row an experiment")
    parser.add_argument("--paired", required=True, type=Path, help="JSON of the paired tests")
    parser.add_argument("--metrics", required=True, nargs="+", type=Path, help="of experiments")
    parser.add_argument("--experiments", required=True, nargs="+", help="names, in that order")
    parser.add_argument("--reported", required=True, type=Path, help="CSV of the study's figures")
    parser.add_argument("--title", required=True, help="what the table is of")
    parser.add_argument("--families", type=settings_argument,
                        help='of pairs that are drawn: JSON {"family": "heading"}; '
                        "without it all but each against the best")  # fmt: skip
    parser.add_argument("--figures", required=True, type=Path, help="folder for PNG and SVG files")
    parser.add_argument("--numbers", required=True, type=Path, help="JSON to write")
    args = parser.parse_args()
    scores, paired = read_table(args.scores), read_json(args.paired)
    study = PrintedFigures(args.reported)
    metrics = dict(zip(args.experiments, map(read_json, args.metrics), strict=True))
    level = metrics[args.experiments[0]]["level"]
    headings = args.families or {
        family: heading
        for family, heading in FAMILIES.items()
        if family in paired["families"] and family != "best_other"
    }
    pairs = figure_pairs(
        paired["families"], headings, lambda name: study.value(name, "weighted_f1")
    )
    calibration = {name: own["calibration"] for name, own in metrics.items()}
    drawn = {
        "scores": scores_figure(scores, f"{args.title}: weighted F1", level),
        "gains": gains_figure(pairs, f"{args.title}: differences", paired["level"]),
        "classes": classes_figure(scores, f"{args.title}: F1 of each class", level),
        "reliability": reliability_figure(calibration, f"{args.title}: calibration"),
    }
    for name, (figure, _) in drawn.items():
        save_figure(figure, args.figures / f"{name}.png")
    write_json(args.numbers, {name: numbers for name, (_, numbers) in drawn.items()})


if __name__ == "__main__":
    main()
