"""Evaluate experiments under the study's protocol."""

from pathlib import Path
from typing import Any

from mmsent.evaluation.experiment import paper_metrics
from mmsent.files import write_json
from mmsent.tables import Table


def evaluate_paper(
    shares: dict[str, str],
    splits: list[Table],
    predictions: list[Table],
    bootstrap: dict[str, Any],
    metrics: Path,
) -> None:
    """Write metrics of the posts that chose the epoch, by experiment; they are optimistic.

    Parameters
    ----------
    shares, splits, predictions
        Of each experiment; its share is the fraction of the posts that its split validates on.
    """
    measured = {
        name: {"share": share} | paper_metrics(run, split, **bootstrap)
        for (name, share), run, split in zip(shares.items(), predictions, splits, strict=True)
    }
    write_json(metrics, measured)
