"""Describe the data set: its card, and figures of classes, texts, images and near-duplicates."""

from pathlib import Path
from typing import Any

import torch

from mmsent.figures.augmentation import augmentation_gallery
from mmsent.figures.duplicates import duplicate_sheet
from mmsent.figures.images import image_figure
from mmsent.figures.labels import label_figure
from mmsent.figures.style import save_figure, save_sheet
from mmsent.figures.text_lengths import read_token_lengths, text_length_figure
from mmsent.files import write_json, write_text
from mmsent.report.card import card_numbers
from mmsent.report.render import rendered
from mmsent.tables import read_table

#: Figures that are sheets of photographs, saved as PNG alone.
PHOTOGRAPHS = {"augmentation", "duplicates"}


def describe_data(
    lists: list[Path],
    posts: Path,
    problems: Path,
    groups: Path,
    folds: Path,
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
    lists
        Label files.
    tokens, max_length
        Embeddings with the number of tokens of each text, and how many the encoder reads.
    images
        Folder of the images.
    augmentation
        What the gallery shows, drawn with ``seed``.
    """
    torch.set_num_threads(1)  # the gallery has three images
    table, group_table = read_table(posts), read_table(groups)
    counts = card_numbers(lists, table, read_table(problems), group_table, read_table(folds))
    write_json(card_counts, counts)
    write_text(card, rendered("card.md.j2", card=counts))
    drawn = {
        "labels": label_figure(table),
        "images": image_figure(table),
        "text_lengths": text_length_figure(table, read_token_lengths(tokens), max_length),
        "augmentation": augmentation_gallery(table, images, augmentation, 224, seed),
        "duplicates": duplicate_sheet(table, group_table, images),
    }
    for path, file in zip(figures, numbers, strict=True):
        figure, shown = drawn[path.stem]
        (save_sheet if path.stem in PHOTOGRAPHS else save_figure)(figure, path)
        write_json(file, shown)
