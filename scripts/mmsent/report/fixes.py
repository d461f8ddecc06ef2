"""The problems of the study's section 9: what their remedies change, measured on this run."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from mmsent.data.layout import normalise_guid
from mmsent.encoders.embeddings import read_header
from mmsent.evaluation.pooling import prediction_metrics
from mmsent.labels import LABELS
from mmsent.report import cells
from mmsent.report.cells import Cell, value


def guid_matching(
    listed: pd.DataFrame, texts: pd.DataFrame, images: pd.DataFrame
) -> dict[str, int]:
    """How many listed posts find both their files, with the guid as written and as it is read.

    Parameters
    ----------
    listed
        The listed posts: columns ``guid`` and ``written``.
    texts, images
        The indexes: columns ``guid`` and ``file``. A row of a table names its files itself.

    Returns
    -------
    dict
        ``listed`` (posts), ``as_written`` and ``normalised`` (those
        whose guid names a text and an image), ``written_otherwise`` (rows whose guid is not
        written as it is read).
    """
    files = set(texts["guid"]) & set(images["guid"])
    names = _names(texts) & _names(images)
    return {
        "listed": len(listed),
        "as_written": int(listed["written"].isin(names).sum()),
        "normalised": int(listed["guid"].isin(files).sum()),
        "written_otherwise": int((listed["written"] != listed["guid"]).sum()),
    }


def _names(index: pd.DataFrame) -> set[str]:
    """The names of files without suffix, or the guids of posts whose file has another name."""
    stems = zip(index["guid"], (Path(file).stem for file in index["file"]), strict=True)
    return {stem if normalise_guid(stem) == guid else guid for guid, stem in stems}


def encoders_of(embeddings: Mapping[str, Sequence[Path]]) -> list[dict[str, Any]]:
    """The encoders with weights behind embedding files (by ``encoder/modality``), each once.

    Returns
    -------
    list of dict
        ``encoder`` and ``modality`` (text or image), ``parameters``, ``files`` (how many were
        made), ``stands_in`` (whether a member of a pair stands in the encoder's place) and
        ``weights``: for each file of weights ``model`` (name of the architecture, the package or
        the source), ``source`` (of a path the last part alone) and ``sha256`` or ``revision``,
        whichever pins it.
    """
    encoders = []
    for key, paths in embeddings.items():
        name, modality = key.split("/")
        header = read_header(paths[0])
        parts = header.settings["encoder"]
        is_pair = parts[name].get("kind") == "pair"
        members = [parts[parts[name][modality]]] if is_pair else parts.values()
        weights = [
            {"model": _model(part), "source": _public(part["source"])}
            | {pin: part.get(pin) for pin in ("sha256", "revision")}
            for part in members
            if part.get("source")
        ]
        if weights:
            row = {"encoder": name, "modality": modality, "weights": weights, "stands_in": is_pair}
            encoders.append(row | {"parameters": header.parameters, "files": len(paths)})
    return encoders


def _model(part: Mapping[str, Any]) -> str:
    source = _public(part["source"])
    package = source.removeprefix("package:").split("/")[0]
    return part.get("architecture") or (package if source.startswith("package:") else source)


def _public(source: str) -> str:
    """A source without the folders of this machine."""
    return Path(source).name if source.startswith(("/", "~", ".")) else source


def postprocessing_effect(tables: Mapping[str, pd.DataFrame]) -> dict[str, dict[str, Any]]:
    """Scores of pooled predictions before post-processing (most probable class) and after.

    Returns
    -------
    dict
        For each experiment ``changed`` (posts) and, ``before`` and ``after``, ``f1`` of the rare
        class, ``weighted_f1`` and ``predicted`` (posts predicted as that class). Empty without a
        rare class, as nothing is then changed.
    """
    effect: dict[str, dict[str, Any]] = {}
    if LABELS.rare is None:
        return effect
    for name, table in tables.items():
        likeliest = table[LABELS.probability_columns].to_numpy().argmax(axis=1)
        effect[name] = {
            "changed": int((likeliest != table["predicted"]).sum()),
            "before": _scores(table.assign(predicted=likeliest)),
            "after": _scores(table),
        }
    return effect


def _scores(table: pd.DataFrame) -> dict[str, float]:
    metrics = prediction_metrics(table)
    return {
        "f1": metrics[f"f1_{LABELS.rare_class}"],
        "weighted_f1": metrics["weighted_f1"],
        "predicted": int((table["predicted"] == LABELS.rare).sum()),
    }


def postprocessing_table(effect: Mapping[str, Mapping[str, Any]]) -> pd.DataFrame:
    """The table of :func:`postprocessing_effect`."""
    rare = LABELS.rare_class
    columns = {"Version": cells.name, "Posts changed": value("changed", "{:,}")}
    for title, key, pattern in (
        (f"F1 {rare}", "f1", "{:.4f}"),
        ("Weighted F1", "weighted_f1", "{:.4f}"),
        (f"Predicted {rare}", "predicted", "{:,}"),
    ):
        columns |= {f"{title}, {when}": _when(when, key, pattern) for when in ("before", "after")}
    return cells.shown([{"experiment": name, **row} for name, row in effect.items()], columns)


def _when(when: str, key: str, pattern: str) -> Cell:
    return lambda row: pattern.format(row[when][key])


def encoders_table(encoders: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """The table of :func:`encoders_of`."""

    def checked(part: Mapping[str, Any]) -> str:
        digest = part["sha256"]
        return f"SHA-256 {digest[:12]}…" if digest else f"revision {part['revision']}"

    columns: dict[str, Cell] = {
        "Encoder": value("encoder"),
        "Modality": value("modality"),
        "Parameters": value("parameters", "{:,}"),
        "Weights": lambda row: ", ".join(part["source"] for part in row["weights"]),
        "Verified": lambda row: ", ".join(map(checked, row["weights"])),
        "Stored files": value("files"),
    }
    return cells.shown(encoders, columns)
