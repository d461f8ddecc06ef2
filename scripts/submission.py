"""Predict the posts without a label by all folds' runs of an experiment together."""

import argparse
from pathlib import Path

import numpy as np

from mmsent.config.experiment import load_experiment
from mmsent.data.readers import read_listing
from mmsent.evaluation.submission import mean_probabilities, submission_numbers, submission_table
from mmsent.files import read_json, settings_argument, write_json
from mmsent.tables import read_table, write_table
from mmsent.training.postprocessing import postprocessed


def main() -> None:
    """Read the runs and the list of posts; write a class for each of them, and counts."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--experiment", required=True, type=Path, help="experiment file (YAML)")
    parser.add_argument("--adjust", type=settings_argument, default="{}",
                        help="settings over the file's: JSON, or FILE.yaml#key")  # fmt: skip
    parser.add_argument("--predictions", required=True, nargs="+", help="one file for each fold")
    parser.add_argument("--runs", required=True, nargs="+", help="metrics, one for each fold")
    parser.add_argument("--unlabelled", type=Path, nargs="?", default=None,
                        help="list of the posts (guid,tag); may be absent")  # fmt: skip
    parser.add_argument("--out", required=True, type=Path, help="guid,tag to write (.txt)")
    parser.add_argument("--numbers", required=True, type=Path, help="JSON to write")
    args = parser.parse_args()
    rule = load_experiment(args.experiment, args.adjust).postprocessing
    fitted = [read_json(path).get("postprocessing_threshold") for path in args.runs]
    known = [value for value in fitted if value is not None]
    threshold = float(np.mean(known)) if known else None
    chances = mean_probabilities([read_table(path) for path in args.predictions])
    predicted = postprocessed(chances.to_numpy(), rule, threshold)
    guids, unusable = [], 0
    if args.unlabelled is not None:
        listing = read_listing(args.unlabelled, labelled=False)
        guids, unusable = listing.rows["guid"].tolist(), len(listing.problems)
    table = submission_table(guids, chances.index.tolist(), predicted)
    numbers = submission_numbers(chances.to_numpy(), predicted, threshold)
    numbers |= {"without_prediction": len(guids) - len(table), "unusable_lines": unusable}
    write_table(args.out, table)
    write_json(args.numbers, numbers)


if __name__ == "__main__":
    main()
