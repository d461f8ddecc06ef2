"""What a run reads: posts with their role, and the stored inputs of the used modalities."""

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
from mmsent.training.roles import ROLES, posts_by_role


@dataclass(frozen=True)
class Inputs:
    """The posts of one role.

    Attributes
    ----------
    guids
        Of each post.
    labels
        ``(posts,)``; -1 for posts without one, and for test posts, whose labels are hidden here.
    embeddings
        Of each used modality ``(posts, views, ...)``: vectors, states of tokens, or pixels; beside
        states of tokens, ``text_tokens`` has their number. View 0 is the evaluation view, and
        other roles than training have no other.
    """

    guids: list[str]
    labels: torch.Tensor
    embeddings: dict[str, torch.Tensor]

    def __len__(self) -> int:
        """Number of posts."""
        return len(self.guids)

    @property
    def sizes(self) -> dict[str, int]:
        """The last dimension of each input: the size of a vector or of a token's state."""
        return {name: tensor.shape[-1] for name, tensor in self.embeddings.items()}

    def to(self, device: torch.device) -> "Inputs":
        """The same posts with tensors on ``device``."""
        moved = {name: tensor.to(device) for name, tensor in self.embeddings.items()}
        return Inputs(self.guids, self.labels.to(device), moved)

    def batch(
        self, rows: torch.Tensor, generator: torch.Generator | None = None
    ) -> dict[str, torch.Tensor]:
        """The inputs of some posts, ``(batch, ...)`` of each modality.

        Parameters
        ----------
        generator
            Draws a view of each post; None: the evaluation view.
        """
        drawn: dict[str, torch.Tensor] = {}
        for name, tensor in self.embeddings.items():
            if name == TOKENS:  # how many states a text has goes with the view of its states
                drawn[name] = drawn["text"]
            elif generator is not None and tensor.shape[1] > 1:
                drawn[name] = torch.randint(tensor.shape[1], (len(rows),), generator=generator)
            else:
                drawn[name] = torch.zeros(len(rows), dtype=torch.int64)
        return {name: self.embeddings[name][rows, views] for name, views in drawn.items()}

    def by_length(self, rows: torch.Tensor) -> torch.Tensor:
        """Rows of posts with the shortest texts first, so that a batch of them has little padding.

        Rows stay as they are where texts are no states of tokens.
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
    roles: tuple[str, ...] = ROLES,
) -> dict[str, Inputs]:
    """Read what a run needs, by role.

    Parameters
    ----------
    files
        Embedding files of each modality: the evaluation view's, then those of augmented views.
    roles
        The roles to read; those of :data:`mmsent.labels.TEST_WITHOUT` are there only where the
        experiment has both modalities, so that something is left of a post.

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
    of_role = posts_by_role(posts, folds, fold, roles, len(experiment.modalities) > 1)
    return {role: _inputs(own, arrays, all_views=role == TRAIN) for role, own in of_role.items()}


def _arrays(experiment: Experiment, modality: str) -> dict[str, str]:
    """Names of a modality's inputs, and of the arrays in its embedding files that hold them."""
    if modality == "image":
        return {"image": "pixels" if experiment.image.network else "state"}
    if experiment.text.trained_layers:
        return {"text": "states", TOKENS: "tokens"}
    return {"text": experiment.text.pooling}


def _inputs(
    posts: pd.DataFrame,
    arrays: dict[tuple[str, str], list[Embeddings]],
    all_views: bool,
) -> Inputs:
    embeddings = {}
    for (key, modality), views in arrays.items():
        blanked = posts[f"{modality}_blanked"].tolist()
        used = views if all_views else views[:1]
        rows = [view.of(posts["guid"].tolist(), blanked) for view in used]
        embeddings[key] = torch.from_numpy(np.stack(rows, axis=1))
    labels = torch.from_numpy(posts["label"].to_numpy(dtype=np.int64, copy=True))
    return Inputs(posts["guid"].tolist(), labels, embeddings)
