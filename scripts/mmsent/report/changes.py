"""What one experiment is set to that another is not, in words that need no look at the files."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from mmsent.config.experiment import Experiment

#: Settings in words, by their dotted key; others are shown as they are written.
_WORDS = {
    "modality": "Modality",
    "fusion": "Fusion",
    "text.encoder": "Text encoder",
    "text.cleaning": "Cleaning of the text",
    "text.pooling": "Pooling of the tokens",
    "text.max_tokens": "Longest text [tokens]",
    "text.trained_layers": "Trained layers of the text encoder",
    "text.augmentation": "Augmentation of the text",
    "text.views": "Augmented views of a text",
    "image.encoder": "Image encoder",
    "image.network": "Network for pictures",
    "image.network.kind": "Network for pictures",
    "image.network.widths": "Its channels",
    "image.network.blocks": "Its blocks of each width",
    "image.network.dropout": "Its dropout",
    "image.augmentation": "Augmentation of the picture",
    "image.views": "Augmented views of a picture",
    "vectors.standardise": "Vectors standardised",
    "vectors.dropout": "Dropout of the vectors",
    "projection": "Projection",
    "projection.size": "Projection: size",
    "projection.norm": "Projection: normalisation",
    "projection.dropout": "Projection: dropout",
    "head.hidden": "Head: layers",
    "head.dropout": "Head: dropout",
    "head.norm": "Head: normalisation",
    "loss.class_weights": "Class weights",
    "loss.neutral_factor": "Neutral's weight times",
    "loss.label_smoothing": "Label smoothing",
    "optimiser.learning_rate": "Learning rate",
    "optimiser.encoder_learning_rate": "Learning rate of the encoder's layers",
    "optimiser.weight_decay": "Weight decay",
    "optimiser.clip_norm": "Gradients clipped at",
    "optimiser.batch_size": "Batch",
    "optimiser.accumulation": "Batches to a step",
    "schedule.epochs": "Epochs, at most",
    "schedule.kind": "Schedule of the learning rate",
    "schedule.warmup_epochs": "Warm-up [epochs]",
    "schedule.plateau": "Plateau rule",
    "schedule.plateau.epochs": "Plateau: epochs without gain",
    "schedule.plateau.factor": "Plateau: learning rate times",
    "early_stopping.patience": "Patience [epochs]",
    "early_stopping.threshold": "A gain is more than",
    "postprocessing": "Post-processing",
    "postprocessing.confidence_below": "Turned neutral: confidence below",
    "postprocessing.neutral_above": "Turned neutral: its probability above",
    "postprocessing.within": "Turned neutral: behind the first by at most",
    "postprocessing.neutral_share": "Turned neutral: until its share is",
    "search": "Search",
    "search.trials": "Search: trials",
}

_ORDER = {key: number for number, key in enumerate(_WORDS)}

#: What says which experiment it is, or is of the paper protocol alone.
_NAMES = ("title", "section", "changes", "paper_validation")


def changes_table(before: Experiment | None, now: Experiment) -> pd.DataFrame:
    """The settings that differ between two experiments as they ran.

    Parameters
    ----------
    before
        ``None``: every setting of ``now`` that is in use is listed by itself.

    Returns
    -------
    pandas.DataFrame
        ``Setting``, ``Before``, ``Now``, from the inputs to the training; a dash is a part that is
        not there. Without ``before``: ``Setting``, ``Value``.
    """
    new = _settings(now)
    if before is None:
        rows = [
            {"Setting": _words(key), "Value": shown_value(value)}
            for key, value in ((key, new[key]) for key in _ordered(new))
            if value is not None and value is not False
        ]
        return pd.DataFrame(rows, dtype=object)
    old = _settings(before)
    rows = [
        {"Setting": _words(key), "Before": shown_value(old.get(key)),
         "Now": shown_value(new.get(key))}
        for key in _ordered({**new, **old})
        if old.get(key) != new.get(key)
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=["Setting", "Before", "Now"], dtype=object)


def varied_settings(experiments: Sequence[Experiment]) -> list[str]:
    """In words, the settings in which some of these experiments differ.

    A part of an experiment that does not see the modality is as the file has it, in use or not.
    """
    dumps = [
        flat({k: v for k, v in e.model_dump().items() if k not in _NAMES}) for e in experiments
    ]
    keys = _ordered({key: None for dump in dumps for key in dump})
    return [_words(k) for k in keys if any(d.get(k) != dumps[0].get(k) for d in dumps)]


def flat(settings: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Settings by dotted key; of what a search varies, the values that it tries."""
    found: dict[str, Any] = {}
    for key, value in settings.items():
        if key == "space" and isinstance(value, Mapping):
            found |= {f"{prefix}{key}.{name}": [varied(v) for v in value[name]] for name in value}
        elif isinstance(value, Mapping):
            found |= flat(value, f"{prefix}{key}.")
        else:
            found[f"{prefix}{key}"] = value
    return found


def shown_value(value: Any) -> str:
    """A setting as a table shows it."""
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(map(shown_value, value))
    return f"{value:g}" if isinstance(value, float) else str(value).replace("_", " ")


def varied(part: Any) -> Any:
    """The first value inside a part of settings: what a trial of a search varied."""
    while isinstance(part, Mapping | list):
        part = next(iter(part.values())) if isinstance(part, Mapping) else part[0]
    return part


def _settings(experiment: Experiment) -> dict[str, Any]:
    settings = experiment.model_dump()
    used = {key: value for key, value in settings.items() if key not in _NAMES}
    for modality in ("text", "image"):
        if modality not in experiment.modalities:
            used[modality] = None
    return flat(used)


def _ordered(settings: Mapping[str, Any]) -> list[str]:
    """The keys from the inputs to the training; those without words last."""
    return sorted(settings, key=lambda key: _ORDER.get(key, len(_ORDER)))


def _words(key: str) -> str:
    if key in _WORDS:
        return _WORDS[key]
    if ".space." in key:
        return f"Searched: {key.split('.space.')[1].replace('_', ' ')}"
    return key.replace("_", " ").replace(".", ": ")
