"""The posts of each split of a fold: trained on, validated on, predicted."""

import pandas as pd

from mmsent.labels import TEST, TEST_WITHOUT, TRAIN, UNLABELLED, UNLABELLED_SPLIT, VALIDATION

SPLITS = (TRAIN, VALIDATION, TEST, UNLABELLED_SPLIT, *TEST_WITHOUT.values())


def posts_by_split(
    posts: pd.DataFrame,
    folds: pd.DataFrame,
    fold: int,
    splits: tuple[str, ...] = SPLITS,
    both_modalities: bool = True,
) -> dict[str, pd.DataFrame]:
    """Return the posts of each split of an outer fold.

    The splits of :data:`mmsent.labels.TEST_WITHOUT` are the test posts with the column
    ``{modality}_blanked`` set. They exist only with ``both_modalities``: otherwise nothing would
    be left of a post. Only training and validation posts keep their label, so that a test label
    cannot leak.
    """
    split_of = posts["guid"].map(dict(zip(folds["guid"], folds[f"split_{fold}"], strict=True)))
    split_of = split_of.fillna(UNLABELLED_SPLIT)
    blanked = {split: modality for modality, split in TEST_WITHOUT.items()}
    tables = {}
    for split in splits:
        if split not in blanked:
            tables[split] = posts[split_of == split]
        elif both_modalities:
            tables[split] = posts[split_of == TEST].assign(**{f"{blanked[split]}_blanked": True})
    return {
        split: table if split in (TRAIN, VALIDATION) else table.assign(label=UNLABELLED)
        for split, table in tables.items()
    }
