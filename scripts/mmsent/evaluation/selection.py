"""What the best of many experiments owes to being selected on the posts that it is tested on."""

import numpy as np
import pandas as pd

from mmsent.evaluation.intervals import resampled, table_confusions
from mmsent.evaluation.metrics import metrics_from_confusion
from mmsent.evaluation.paired import aligned


def selection_optimism(
    tables: dict[str, pd.DataFrame], resamples: int, seed: int
) -> dict[str, float]:
    """Estimate how much higher the best score of a table is than that experiment deserves.

    In each bootstrap resample of the near-duplicate groups, the experiment with the highest
    weighted F1 is selected; what it scores there above its score on all posts is optimism, as the
    posts are to the resample what all posts of the kind are to them (Efron and Tibshirani 1993,
    section 17.6). If all experiments were equally good, the lead of the best would be chance, and
    the optimism that of the largest change of all experiments.

    Parameters
    ----------
    tables
        Pooled predictions by name.

    Returns
    -------
    dict
        ``experiments`` (their number), ``weighted_f1`` (the mean over resamples) and
        ``if_equal`` (the same of equally good experiments, at most).

    Raises
    ------
    ValueError
        If the experiments do not predict the same posts.
    """
    counts = np.stack([table_confusions(table) for table in aligned(tables).values()], axis=1)
    scores = metrics_from_confusion(counts.sum(0))["weighted_f1"]
    drawn = metrics_from_confusion(resampled(counts, resamples, seed))["weighted_f1"]
    changes, best = drawn - scores, drawn.argmax(1)
    return {
        "experiments": len(tables),
        "weighted_f1": float(changes[np.arange(resamples), best].mean()),
        "if_equal": float(changes.max(1).mean()),
    }
