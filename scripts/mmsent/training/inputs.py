"""What a run reads: posts with their role, and the embeddings of the used modalities."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from mmsent.config.experiment import Experiment
from mmsent.encoders.embeddings import Embeddings
from mmsent.labels import TEST, TRAIN, UNLABELLED, UNLABELLED_ROLE, VALIDATION

ROLES = (TRAIN, VALIDATION, TEST, UNLABELLED_ROLE)


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
        Of each used modality ``(posts, views, dim)``; view 0 is the evaluation view, and other
        roles than training have no other.
    """

    guids: list[str]
    labels: torch.Tensor
    embeddings: dict[str, torch.Tensor]

    def __len__(self) -> int:
        """Number of posts."""
        return len(self.guids)

    def to(self, device: torch.device) -> "Inputs":
        """The same posts with tensors on ``device``."""
        moved = {name: tensor.to(device) for name, tensor in self.embeddings.items()}
        return Inputs(self.guids, self.labels.to(device), moved)


def roles_in_fold(posts: pd.DataFrame, folds: pd.DataFrame, fold: int) -> pd.Series:
    """The role of each post in an outer fold: train, validation, test or unlabelled."""
    role = dict(zip(folds["guid"], folds[f"role_{fold}"], strict=True))
    return posts["guid"].map(lambda guid: role.get(guid, UNLABELLED_ROLE))


def load_inputs(
    experiment: Experiment,
    posts: pd.DataFrame,
    folds: pd.DataFrame,
    fold: int,
    text_file: Path | None,
    image_files: list[Path],
) -> dict[str, Inputs]:
    """Read what a run needs, by role.

    Parameters
    ----------
    image_files
        Embeddings of the evaluation view, then of the augmented views.

    Raises
    ------
    ValueError
        If the number of files does not fit the experiment.
    """
    expected = 1 + experiment.image.views if "image" in experiment.modalities else 0
    if len(image_files) != expected or (text_file is None) == ("text" in experiment.modalities):
        raise ValueError(
            f"a run of modality {experiment.modality} with {experiment.image.views} views needs "
            f"{expected} image files and {int('text' in experiment.modalities)} text file"
        )
    files = {"image": [Embeddings(path, "state") for path in image_files]}
    if text_file is not None:
        files["text"] = [Embeddings(text_file, experiment.text.pooling)]
    roles = roles_in_fold(posts, folds, fold)
    return {
        role: _inputs(
            posts[roles == role],
            files,
            experiment.modalities,
            all_views=role == TRAIN,
            # What cannot be read cannot leak.
            hide_labels=role not in (TRAIN, VALIDATION),
        )
        for role in ROLES
    }


def _inputs(
    posts: pd.DataFrame,
    files: dict[str, list[Embeddings]],
    modalities: tuple[str, ...],
    all_views: bool,
    hide_labels: bool,
) -> Inputs:
    embeddings = {}
    for name in modalities:
        views = files[name] if all_views else files[name][:1]
        blanked = posts[f"{name}_blanked"].tolist()
        rows = [view.of(posts["guid"].tolist(), blanked) for view in views]
        embeddings[name] = torch.from_numpy(np.stack(rows, axis=1))
    labels = torch.from_numpy(posts["label"].to_numpy(dtype=np.int64, copy=True))
    if hide_labels:
        labels.fill_(UNLABELLED)
    return Inputs(posts["guid"].tolist(), labels, embeddings)
