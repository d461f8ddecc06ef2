"""What an augmentation does to images: a gallery of its operations and of whole views."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from matplotlib.figure import Figure, SubFigure

from mmsent.data.images import read_image
from mmsent.encoders.views import augmented_view, evaluation_view
from mmsent.figures.style import LABEL_COLOURS, new_figure, plain_text
from mmsent.labels import LABELLED, LABELS

#: Draws of an operation of which the one that changes the image most is shown.
DRAWS = 16

#: Views of each image with all operations: the first ones of those that training uses.
VIEWS = 2

#: Images of less contrast (standard deviation of the grey levels) show little of an operation.
MINIMUM_CONTRAST = 40.0

#: Operations that are often used, each with a title, fixed so that its effect is visible.
STANDARD_OPERATIONS: dict[str, tuple[str, dict[str, Any]]] = {
    "brightness": ("brightness\n1.5 times", {"color_jitter": {"brightness": (1.5, 1.5)}}),
    "contrast": ("contrast\n1.5 times", {"color_jitter": {"contrast": (1.5, 1.5)}}),
    "saturation": ("saturation\n1.8 times", {"color_jitter": {"saturation": (1.8, 1.8)}}),
    "sharpness": ("sharpness\n3 times", {"sharpness": {"factor": 3.0}}),
    "blur": ("blur\nsigma 2 pixels", {"blur": {"sigma": (2.0, 2.0)}}),
}

_CELL = 1.35  # inches

#: A post of the posts table, with its image under ``rgb``.
_Post = dict[Any, Any]

#: Images by title.
_Panels = dict[str, torch.Tensor]


def augmentation_gallery(
    posts: pd.DataFrame, images: Path, policy: dict[str, Any], size: int, seed: int
) -> tuple[Figure, dict[str, Any]]:
    """Draw a row for a post of each class: the image, each operation alone, and augmented views.

    Below are the standard operations that the augmentation does not use. Of each class the post is
    shown whose image has the smallest SHA-256 among those of enough contrast.

    Parameters
    ----------
    posts
        Columns ``guid``, ``label``, ``subset``, ``image_file``, ``image_sha256`` and ``width``.
    policy
        ``margin`` and ``operations`` of an augmentation.
    size
        Side of the views in pixels.

    Returns
    -------
    figure, numbers
        ``posts`` (``guid`` and ``label`` of each row), ``operations``, ``margin``, ``unused``
        (standard operations that the augmentation does not use), ``size``, ``seed``, ``views`` and
        ``draws``.

    Raises
    ------
    ValueError
        If no labelled post has an image.
    """
    shown = _chosen_posts(posts, images)
    names = [name for step in policy["operations"] for name in step]
    settings = [setting for step in policy["operations"] for setting in step.values()]
    used = {*names, *(key for setting in settings for key, value in setting.items() if value)}
    unused = [name for name in STANDARD_OPERATIONS if name not in used]
    rows = [_panels(post, policy, size, seed) for post in shown]
    standard = {"original": evaluation_view(shown[-1]["rgb"], size)}
    for name in unused:
        title, step = STANDARD_OPERATIONS[name]
        standard[title] = _clearest(shown[-1], 0, step, size, seed)
    return _draw(shown, rows, standard), {
        "posts": [{"guid": post["guid"], "label": LABELS[post["label"]]} for post in shown],
        "operations": policy["operations"],
        "margin": policy["margin"],
        "unused": unused,
        "size": size,
        "seed": seed,
        "views": VIEWS,
        "draws": DRAWS,
    }


def _chosen_posts(posts: pd.DataFrame, images: Path) -> list[_Post]:
    usable = posts[(posts["subset"] == LABELLED) & (posts["width"] > 0)]
    shown = []
    for _, table in usable.sort_values(["image_sha256", "guid"]).groupby("label"):
        candidates = []
        for post in table.to_dict("records"):
            post["rgb"] = read_image(images / post["image_file"]).rgb
            candidates.append(post)
            if np.asarray(post["rgb"].convert("L"), dtype=np.float64).std() > MINIMUM_CONTRAST:
                break
        else:
            candidates = candidates[:1]  # a class without contrast is shown all the same
        shown.append(candidates[-1])
    if not shown:
        raise ValueError("no labelled post has an image")
    return shown


def _panels(post: _Post, policy: dict[str, Any], size: int, seed: int) -> _Panels:
    panels = {"original": evaluation_view(post["rgb"], size)}
    for step in policy["operations"]:
        ((name, settings),) = step.items()
        # The margin belongs to the crop: with another operation it would be a change of scale.
        margin = policy["margin"] if name == "random_crop" else 0
        lines = [name.replace("_", " ")] + [f"margin {margin} pixels"] * (name == "random_crop")
        for key, value in settings.items():
            ends = value if isinstance(value, list) else [value]
            lines.append(f"{key} {' to '.join(f'{end:g}' for end in ends)}")
        panels["\n".join(lines)] = _clearest(post, margin, step, size, seed)
    for view in range(1, VIEWS + 1):  # numbered as those that training uses
        whole = augmented_view(post["rgb"], policy, size, post["image_sha256"], view, seed)
        panels[f"all operations\nview {view}"] = whole
    return panels


def _clearest(post: _Post, margin: int, step: dict[str, Any], size: int, seed: int) -> torch.Tensor:
    """Apply one operation, by the draw that changes the image most: many change it hardly."""
    original = evaluation_view(post["rgb"], size).float()
    alone = {"margin": margin, "operations": [step]}
    draws = [
        augmented_view(post["rgb"], alone, size, post["image_sha256"], 0, seed + draw)
        for draw in range(DRAWS)
    ]
    return max(draws, key=lambda draw: float((draw.float() - original).abs().mean()))


def _draw(shown: list[_Post], rows: list[_Panels], standard: _Panels) -> Figure:
    columns = max(len(rows[0]), len(standard))
    heights = [0.9 + _CELL * len(shown)]
    if len(standard) > 1:  # more than the original
        heights.append(0.8 + _CELL)
    figure = new_figure(0.4 + _CELL * columns, sum(heights))
    blocks = figure.subfigures(len(heights), 1, height_ratios=heights, squeeze=False)[:, 0]
    _draw_block(
        blocks[0],
        f"Each operation alone (the draw of {DRAWS} that changes the image most), "
        f"and {VIEWS} views with all operations",
        shown,
        rows,
        columns,
    )
    if len(standard) > 1:
        title = "Standard operations that this augmentation does not use"
        _draw_block(blocks[1], title, shown[-1:], [standard], columns)
    return figure


def _draw_block(
    block: SubFigure, title: str, shown: list[_Post], rows: list[_Panels], columns: int
) -> None:
    block.suptitle(title, x=0.01, ha="left", fontsize=10)
    grid = block.subplots(len(shown), columns, squeeze=False)
    for axes in grid.flat:
        axes.set(xticks=[], yticks=[])
        axes.grid(visible=False)
        axes.spines[:].set_visible(False)
    for cells, post, panels in zip(grid, shown, rows, strict=True):
        for axes, image in zip(cells, panels.values(), strict=False):
            axes.imshow(image.permute(1, 2, 0).numpy())
        label = LABELS[post["label"]]
        cells[0].set_ylabel(
            f"{plain_text(label)}\nguid {plain_text(post['guid'])}",
            color=LABEL_COLOURS[label],
            fontweight="bold",
            fontsize=8,
        )
    for axes, text in zip(grid[0], rows[0], strict=False):
        axes.set_title(text, fontsize=8, fontweight="normal", loc="center")
