"""Describe the data set: its card, and figures of classes, texts, images and near-duplicates."""

from pathlib import Path
from typing import Any

import torch

from mmsent.encoders.embeddings import Embeddings
from mmsent.figures.augmentation import augmentation_gallery
from mmsent.figures.data import image_figure, label_figure, text_length_figure
from mmsent.figures.sheets import duplicate_sheet
from mmsent.figures.style import save_figure
from mmsent.files import write_json, write_text
from mmsent.report.card import card_numbers
from mmsent.report.render import rendered
from mmsent.tables import Table

#: Figures that are sheets of photographs, saved as PNG alone.
PHOTOGRAPHS = {"augmentation", "duplicates"}


def describe_data(
    dataset: str,
    listed: Table,
    posts: Table,
    problems: Table,
    groups: Table,
    folds: Table,
    held_out: list[Table],
    tokens: Path,
    max_length: int,
    images: Path,
    augmentation: dict[str, Any],
    seed: int,
    card: Path,
    card_counts: Path,
    figures: list[Path],
    numbers: list[Path],
) -> None:
    """Write the card, the figures that are named by their files, and all numbers in them.

    Parameters
    ----------
    dataset
        What was recognised as the data set.
    tokens, max_length
        Embeddings with the number of tokens of each text, and how many the encoder reads.
    augmentation
        What the gallery shows, drawn with ``seed``.
    """
    torch.set_num_threads(1)  # the gallery has three images
    lengths = Embeddings(tokens, "length").of(posts["guid"], posts["text_blanked"])
    counts = card_numbers(dataset, len(listed), posts, problems, groups, folds, *held_out)
    write_json(card_counts, counts)
    write_text(card, rendered("card.md.j2", card=counts))
    drawn = {
        "labels": label_figure(posts, *map(len, held_out)),
        "images": image_figure(posts),
        "text_lengths": text_length_figure(posts, lengths, max_length),
        "augmentation": augmentation_gallery(posts, images, augmentation, 224, seed),
        "duplicates": duplicate_sheet(posts, groups, images),
    }
    for path, file in zip(figures, numbers, strict=True):
        figure, shown = drawn[path.stem]
        save_figure(figure, path, photographs=path.stem in PHOTOGRAPHS)
        write_json(file, shown)
