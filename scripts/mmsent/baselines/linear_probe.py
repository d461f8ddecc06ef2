"""Linear probe: logistic regression on frozen features, its penalty selected on inner validation.

As in CLIP_benchmark, the selected penalty is used once more, on training and validation posts.
"""

from typing import Any, NamedTuple

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits

from mmsent.evaluation.metrics import log_loss
from mmsent.labels import LABELS

#: Inverse penalties (scikit-learn's C) that are tried, the strongest penalty first: two a decade.
PENALTIES: tuple[float, ...] = tuple(float(10 ** (power / 2)) for power in range(-10, 6))


class Probe(NamedTuple):
    """A fitted probe.

    Attributes
    ----------
    probabilities
        ``(rows, classes)`` in double precision, each row with sum 1. Validation rows are predicted
        by the model that was fitted without them, all others by the refitted one.
    c
        The selected inverse penalty.
    losses
        Log loss on the validation rows, by inverse penalty tried.
    parameters
        Number of weights and biases.
    """

    probabilities: np.ndarray
    c: float
    losses: dict[float, float]
    parameters: int


def fit_probe(
    features: Any,
    labels: np.ndarray,
    train: np.ndarray,
    validation: np.ndarray,
    standardise: bool = True,
) -> Probe:
    """Fit multinomial logistic regression on the training rows and predict every row.

    Penalties are tried from the strongest on, each from the solution before, until the log loss on
    the validation rows rises. It decides rather than weighted F1, which moves by more than
    neighbouring penalties differ whenever a few posts change sides. Nothing is drawn at random.

    Parameters
    ----------
    features
        ``(rows, dim)``, dense or a sparse matrix.
    labels
        Class index of each row ``(rows,)``; only those of ``train`` and ``validation`` are read.
    train, validation
        Row numbers.
    standardise
        Whether features are standardised, by mean and deviation of the rows that are fitted.

    Raises
    ------
    ValueError
        If the training rows have one class alone.
    """
    steps: list[Any] = [StandardScaler()] if standardise else []
    model = make_pipeline(*steps, LogisticRegression(max_iter=1000))
    regression, losses = model[-1], {}
    # The number of threads decides the order of sums: with one, results are the same everywhere.
    with threadpool_limits(1):
        prepared = model[:-1].fit(features[train]).transform(features) if steps else features
        regression.set_params(warm_start=True)
        best = np.empty(0)
        for c in PENALTIES:
            regression.set_params(C=c).fit(prepared[train], labels[train])
            probabilities = _probabilities(regression, prepared[validation])
            losses[c] = log_loss(labels[validation], probabilities)
            if losses[c] > min(losses.values()):
                break
            best = probabilities
        selected = min(losses, key=losses.__getitem__)
        both = np.concatenate([train, validation])
        regression.set_params(C=selected, warm_start=False)
        model.fit(features[both], labels[both])
        probabilities = _probabilities(model, features)
    probabilities[validation] = best
    size = int(regression.coef_.size + regression.intercept_.size)
    return Probe(probabilities, selected, losses, size)


def _probabilities(model: Any, features: Any) -> np.ndarray:
    """Probabilities of all classes; one that no training row has gets 0."""
    probabilities = np.zeros((features.shape[0], len(LABELS)))
    predicted = model.predict_proba(features).astype(np.float64)
    probabilities[:, model.classes_] = predicted / predicted.sum(1, keepdims=True)
    return probabilities
