"""What an augmentation does to pictures: a gallery of its operations and of whole views."""

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure
from PIL import Image

from mmsent.config.augmentation import Augmentation
from mmsent.data.images import read_picture
from mmsent.encoders.views import augmented_view, evaluation_view
from mmsent.figures.style import LABEL_COLOURS, new_figure, plain_text
from mmsent.labels import LABELLED, LABELS

#: An operation is shown by the draw, of so many, that changes the picture most.
DRAWS = 16

#: Views of each picture with all operations: the first ones of those that training uses.
VIEWS = 2

#: Pictures of less contrast (standard deviation of the grey levels) show little of an operation.
MINIMUM_CONTRAST = 40.0

#: Operations that are often used, each with a title, fixed so that its effect can be seen.
STANDARD_OPERATIONS: dict[str, tuple[str, dict[str, Any]]] = {
    "brightness": ("brightness\n1.5 times", {"color_jitter": {"brightness": (1.5, 1.5)}}),
    "contrast": ("contrast\n1.5 times", {"color_jitter": {"contrast": (1.5, 1.5)}}),
    "saturation": ("saturation\n1.8 times", {"color_jitter": {"saturation": (1.8, 1.8)}}),
    "sharpness": ("sharpness\n3 times", {"sharpness": {"factor": 3.0}}),
    "blur": ("blur\nsigma 2 pixels", {"blur": {"sigma": (2.0, 2.0)}}),
}

_CELL = 1.35  # inches

#: Title and picture.
_Panel = tuple[str, torch.Tensor]


class _Shown(NamedTuple):
    """A post of the gallery."""

    guid: str
    label: str
    sha256: str
    picture: Image.Image


def augmentation_gallery(
    posts: pd.DataFrame, images: Path, policy: dict[str, Any], size: int, seed: int
) -> tuple[Figure, dict[str, Any]]:
    """One row for a post of each class: the picture, each operation alone, and two whole views.

    Below stand the standard operations that the augmentation does not use. Of each class the post
    is shown whose picture has the smallest SHA-256 among those of enough contrast.

    Parameters
    ----------
    posts
        Columns ``guid``, ``label``, ``subset``, ``image_file``, ``image_sha256`` and ``width``.
    images
        Folder of the pictures.
    policy
        ``margin`` and ``operations`` of a named augmentation.
    size
        Side of the views in pixels.
    seed
        Seed of the draws.

    Returns
    -------
    figure, numbers
        ``posts`` (``guid`` and ``label`` of each row), ``operations``, ``margin``, ``unused``
        (standard operations that the augmentation does not use), ``size``, ``seed``, ``views`` and
        ``draws``.

    Raises
    ------
    ValueError
        If the policy has a mistake, or no labelled post has a picture.
    """
    policy = Augmentation(**policy).model_dump()
    shown = _choose(posts, images)
    unused = _unused(policy)
    own = [_own_panels(post, policy, size, seed) for post in shown]
    standard = _standard_panels(shown[-1], unused, size, seed)
    return _draw(shown, own, standard), {
        "posts": [{"guid": post.guid, "label": post.label} for post in shown],
        "operations": policy["operations"],
        "margin": policy["margin"],
        "unused": unused,
        "size": size,
        "seed": seed,
        "views": VIEWS,
        "draws": DRAWS,
    }


def _choose(posts: pd.DataFrame, images: Path) -> list[_Shown]:
    usable = posts[(posts["subset"] == LABELLED) & (posts["width"] > 0)]
    usable = usable.sort_values(["image_sha256", "guid"])
    shown = []
    for index, label in enumerate(LABELS):
        poor = None
        for post in usable[usable["label"] == index].itertuples():
            picture = read_picture(images / str(post.image_file)).rgb
            candidate = _Shown(str(post.guid), label, str(post.image_sha256), picture)
            if np.asarray(picture.convert("L"), dtype=np.float64).std() > MINIMUM_CONTRAST:
                shown.append(candidate)
                break
            poor = poor or candidate
        else:
            # A class without any such picture is shown all the same.
            shown += [poor] if poor else []
    if not shown:
        raise ValueError("no labelled post has a picture")
    return shown


def _unused(policy: dict[str, Any]) -> list[str]:
    used: set[str] = set()
    for step in policy["operations"]:
        ((name, settings),) = step.items()
        used |= {name} | {setting for setting, value in settings.items() if value}
    return [name for name in STANDARD_OPERATIONS if name not in used]


def _own_panels(post: _Shown, policy: dict[str, Any], size: int, seed: int) -> list[_Panel]:
    panels = [("original", evaluation_view(post.picture, size))]
    for step in policy["operations"]:
        ((name, settings),) = step.items()
        panels.append(
            (_title(name, settings, policy["margin"]), _clearest(post, policy, step, size, seed))
        )
    for view in range(1, VIEWS + 1):  # numbered as those that training uses
        whole = augmented_view(post.picture, policy, size, post.sha256, view, seed)
        panels.append((f"all of them\nview {view}", whole))
    return panels


def _standard_panels(post: _Shown, names: list[str], size: int, seed: int) -> list[_Panel]:
    panels = [("original", evaluation_view(post.picture, size))]
    for name in names:
        title, step = STANDARD_OPERATIONS[name]
        panels.append((title, _clearest(post, {"margin": 0}, step, size, seed)))
    return panels


def _clearest(
    post: _Shown, policy: dict[str, Any], step: dict[str, Any], size: int, seed: int
) -> torch.Tensor:
    """One operation alone, by the draw that changes the picture most: many change it hardly."""
    original = evaluation_view(post.picture, size).float()
    # The margin belongs to the crop: with another operation it would show as a change of scale.
    margin = policy["margin"] if "random_crop" in step else 0
    alone = {"margin": margin, "operations": [step]}
    draws = [
        augmented_view(post.picture, alone, size, post.sha256, 0, seed + draw)
        for draw in range(DRAWS)
    ]
    return max(draws, key=lambda draw: float((draw.float() - original).abs().mean()))


def _title(name: str, settings: dict[str, Any], margin: int) -> str:
    lines = [name.replace("_", " ")]
    if name == "random_crop":
        lines.append(f"margin {margin} pixels")
    for setting, value in settings.items():
        shown = " to ".join(f"{part:g}" for part in value) if isinstance(value, list) else value
        lines.append(f"{setting} {shown}")
    return "\n".join(lines)


def _draw(shown: list[_Shown], own: list[list[_Panel]], standard: list[_Panel]) -> Figure:
    columns = max(len(own[0]), len(standard))
    heights = [0.9 + _CELL * len(shown)]
    if len(standard) > 1:  # more than the original
        heights.append(0.8 + _CELL)
    figure = new_figure(0.4 + _CELL * columns, sum(heights))
    blocks = figure.subfigures(len(heights), 1, height_ratios=heights, squeeze=False)[:, 0]
    _head(
        blocks[0],
        f"Each operation alone (of {DRAWS} draws the one that changes most), "
        f"and {VIEWS} views with all of them",
    )
    grid = blocks[0].subplots(len(shown), columns, squeeze=False)
    for row, (axes, post, panels) in enumerate(zip(grid, shown, own, strict=True)):
        _draw_row(axes, post, panels, titled=row == 0)
    if len(standard) > 1:
        _head(blocks[1], "Standard operations that are not used by this augmentation")
        axes = blocks[1].subplots(1, columns, squeeze=False)[0]
        _draw_row(axes, shown[-1], standard, titled=True)
    return figure


def _head(block: SubFigure, text: str) -> None:
    block.suptitle(text, x=0.01, ha="left", fontsize=10)


def _draw_row(row: np.ndarray, post: _Shown, panels: list[_Panel], titled: bool) -> None:
    cells: list[Axes] = list(row)
    for axes in cells:
        axes.set(xticks=[], yticks=[])
        axes.grid(visible=False)
        axes.spines[:].set_visible(False)
    for axes, (title, image) in zip(cells, panels, strict=False):
        axes.imshow(image.permute(1, 2, 0).numpy())
        if titled:
            axes.set_title(title, fontsize=8, fontweight="normal", loc="center")
    cells[0].set_ylabel(
        f"{post.label}\nguid {plain_text(post.guid)}",
        color=LABEL_COLOURS[post.label],
        fontweight="bold",
        fontsize=8,
    )
