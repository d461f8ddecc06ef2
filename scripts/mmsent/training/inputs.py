"""Inputs of a run: the posts of each split with the stored embeddings of the used modalities."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from mmsent.config.experiment import Experiment
from mmsent.encoders.embeddings import Embeddings
from mmsent.labels import TRAIN
from mmsent.models.network import TOKENS
from mmsent.training.splits import SPLITS, posts_by_split


@dataclass(frozen=True)
class Inputs:
    """The posts of one split.

    Attributes
    ----------
    guids
        Of each post.
    labels
        ``(posts,)``; -1 for posts without a label and for test posts, whose labels are hidden.
    embeddings
        Of each used modality ``(posts, views, ...)``: vectors, token states or pixels.
        ``text_tokens`` is the number of token states. View 0 is the evaluation view; only
        training posts have augmented views.
    """

    guids: list[str]
    labels: torch.Tensor
    embeddings: dict[str, torch.Tensor]

    def __len__(self) -> int:
        """Number of posts."""
        return len(self.guids)

    @property
    def sizes(self) -> dict[str, int]:
        """Last dimension of each input: the size of a vector or of a token's state."""
        return {name: tensor.shape[-1] for name, tensor in self.embeddings.items()}

    def to(self, device: torch.device) -> "Inputs":
        """Return the same posts with tensors on ``device``."""
        moved = {name: tensor.to(device) for name, tensor in self.embeddings.items()}
        return Inputs(self.guids, self.labels.to(device), moved)

    def batch(
        self, rows: torch.Tensor, generator: torch.Generator | None = None
    ) -> dict[str, torch.Tensor]:
        """Return the inputs of some posts, ``(batch, ...)`` of each modality.

        Parameters
        ----------
        generator
            Draws a view of each post; None: the evaluation view.
        """
        views: dict[str, torch.Tensor] = {}
        for name, tensor in self.embeddings.items():
            if name == TOKENS:  # the number of states belongs to the view of the states
                views[name] = views["text"]
            elif generator is not None and tensor.shape[1] > 1:
                views[name] = torch.randint(tensor.shape[1], (len(rows),), generator=generator)
            else:
                views[name] = torch.zeros(len(rows), dtype=torch.int64)
        return {name: self.embeddings[name][rows, drawn] for name, drawn in views.items()}

    def by_length(self, rows: torch.Tensor) -> torch.Tensor:
        """Return rows sorted by the length of their texts, so that batches have little padding.

        Without token states there is no padding, and the rows keep their order.
        """
        if TOKENS not in self.embeddings:
            return rows
        lengths = self.embeddings[TOKENS][rows, 0].cpu()
        return rows[torch.argsort(lengths, stable=True)]


def load_inputs(
    experiment: Experiment,
    posts: pd.DataFrame,
    folds: pd.DataFrame,
    fold: int,
    files: Mapping[str, list[Path]],
    splits: tuple[str, ...] = SPLITS,
) -> dict[str, Inputs]:
    """Load the inputs of a run by split.

    Parameters
    ----------
    files
        Embedding files of each modality: of the evaluation view, then of the augmented views.
    splits
        See :func:`mmsent.training.splits.posts_by_split`.

    Raises
    ------
    ValueError
        If the number of files does not fit the experiment.
    """
    for name in ("text", "image"):
        views = getattr(experiment, name).views
        expected = 1 + views if name in experiment.modalities else 0
        if len(files.get(name, [])) != expected:
            raise ValueError(
                f"a run of modality {experiment.modality} with {views} views of the {name} needs "
                f"{expected} {name} files, got {len(files.get(name, []))}"
            )
    arrays = {
        (key, name): [Embeddings(path, array) for path in files[name]]
        for name in experiment.modalities
        for key, array in _arrays(experiment, name).items()
    }
    tables = posts_by_split(posts, folds, fold, splits, len(experiment.modalities) > 1)
    return {split: _inputs(table, arrays, split == TRAIN) for split, table in tables.items()}


def _arrays(experiment: Experiment, modality: str) -> dict[str, str]:
    """Names of a modality's inputs and, for each, the array that contains it in the files."""
    if modality == "image":
        return {"image": "pixels" if experiment.image.network else "state"}
    if experiment.text.trained_layers:
        return {"text": "states", TOKENS: "tokens"}
    return {"text": experiment.text.pooling}


def _inputs(
    posts: pd.DataFrame, arrays: dict[tuple[str, str], list[Embeddings]], augmented: bool
) -> Inputs:
    embeddings = {}
    for (key, modality), views in arrays.items():
        blanked = posts[f"{modality}_blanked"].tolist()
        used = views if augmented else views[:1]
        rows = [view.of(posts["guid"].tolist(), blanked) for view in used]
        embeddings[key] = torch.from_numpy(np.stack(rows, axis=1))
    labels = torch.from_numpy(posts["label"].to_numpy(dtype=np.int64, copy=True))
    return Inputs(posts["guid"].tolist(), labels, embeddings)
