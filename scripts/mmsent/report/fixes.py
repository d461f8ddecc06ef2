"""What the remedies for the problems of the study's section 9 change, measured on this run."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from mmsent.data.readers import Listing
from mmsent.encoders.embeddings import read_header
from mmsent.evaluation.pooling import prediction_metrics
from mmsent.labels import NEUTRAL, PROBABILITY_COLUMNS


def guid_matching(
    listings: Iterable[Listing], texts: pd.DataFrame, images: pd.DataFrame
) -> dict[str, int]:
    """How many listed posts find both their files, with the guid as written and as it is read.

    Parameters
    ----------
    texts, images
        The indexes of the files: columns ``guid`` and ``file``.

    Returns
    -------
    dict
        ``listed`` (rows of the lists that name a post), ``as_written`` and ``normalised`` (those
        whose guid names a text and a picture), ``written_otherwise`` (rows whose guid is not
        written as it is read).
    """
    files = set(texts["guid"]) & set(images["guid"])
    stems = {Path(name).stem for name in texts["file"]} & {Path(n).stem for n in images["file"]}
    rows = pd.concat([listing.rows for listing in listings])
    return {
        "listed": len(rows),
        "as_written": int(rows["written"].isin(stems).sum()),
        "normalised": int(rows["guid"].isin(files).sum()),
        "written_otherwise": int((rows["written"] != rows["guid"]).sum()),
    }


def encoders_of(embeddings: Iterable[Path]) -> list[dict[str, Any]]:
    """The encoders with weights behind embedding files, each once.

    Returns
    -------
    list of dict
        ``encoder`` and ``modality`` (text or image), ``parameters``, ``files`` (how many were made)
        and ``weights``: for each file of weights ``source`` (of a path the last part alone) and
        ``sha256`` or ``revision``, whichever decides that it is the one meant.
    """
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for path in embeddings:
        header = read_header(path)
        key = (path.parent.name, path.name.split(".")[0])
        weights = [
            {"source": _public(part["source"])}
            | {name: part.get(name) for name in ("sha256", "revision")}
            for part in _read_by(key[1], key[0], header.settings["encoder"])
            if part.get("source")
        ]
        if weights:
            new = {"encoder": key[0], "modality": key[1], "weights": weights, "files": 0}
            row = found.setdefault(key, new | {"parameters": header.parameters})
            row["files"] += 1
    return list(found.values())


def _read_by(
    modality: str, name: str, encoder: Mapping[str, Mapping[str, Any]]
) -> list[Mapping[str, Any]]:
    """Return the settings of the weights that encode a modality: of a pair, its member's alone."""
    member = encoder[name].get(modality)
    return [encoder[member]] if member else list(encoder.values())


def _public(source: str) -> str:
    """A source without the folders of this machine."""
    return Path(source).name if source.startswith(("/", "~", ".")) else source


def postprocessing_effect(tables: Mapping[str, pd.DataFrame]) -> dict[str, dict[str, Any]]:
    """Scores with the most probable class as answer, and with what post-processing makes of it.

    Parameters
    ----------
    tables
        Pooled out-of-fold predictions by name of the experiment.

    Returns
    -------
    dict
        For each experiment ``changed`` (posts) and, ``before`` and ``after``, ``f1_neutral``,
        ``weighted_f1`` and ``neutral`` (posts that are called so).
    """
    effect = {}
    for name, table in tables.items():
        likeliest = table[PROBABILITY_COLUMNS].to_numpy().argmax(axis=1)
        effect[name] = {
            "changed": int((likeliest != table["predicted"]).sum()),
            "before": _scores(table.assign(predicted=likeliest)),
            "after": _scores(table),
        }
    return effect


def _scores(table: pd.DataFrame) -> dict[str, float]:
    metrics = prediction_metrics(table)
    said = int((table["predicted"] == NEUTRAL).sum())
    return {name: metrics[name] for name in ("f1_neutral", "weighted_f1")} | {"neutral": said}
