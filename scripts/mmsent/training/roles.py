"""Which posts a run trains on, chooses on and predicts."""

import pandas as pd

from mmsent.labels import TEST, TEST_WITHOUT, TRAIN, UNLABELLED, UNLABELLED_SPLIT, VALIDATION

ROLES = (TRAIN, VALIDATION, TEST, *TEST_WITHOUT.values(), UNLABELLED_SPLIT)


def roles_in_fold(posts: pd.DataFrame, folds: pd.DataFrame, fold: int) -> pd.Series:
    """The role of each post in an outer fold: train, validation, test or unlabelled."""
    role = dict(zip(folds["guid"], folds[f"split_{fold}"], strict=True))
    return posts["guid"].map(lambda guid: role.get(guid, UNLABELLED_SPLIT))


def posts_by_role(
    posts: pd.DataFrame,
    folds: pd.DataFrame,
    fold: int,
    roles: tuple[str, ...] = ROLES,
    both_modalities: bool = True,
) -> dict[str, pd.DataFrame]:
    """The posts of each role in an outer fold.

    The roles of :data:`mmsent.labels.TEST_WITHOUT` are the test posts with the column
    ``{modality}_blanked`` set; they are there only with ``both_modalities``, so that something is
    left of a post. Only training and validation posts keep their label: what cannot be read
    cannot leak.
    """
    role_of = roles_in_fold(posts, folds, fold)
    of_role = {role: posts[role_of == role] for role in roles if role not in TEST_WITHOUT.values()}
    for modality, role in TEST_WITHOUT.items():
        if role in roles and both_modalities:
            of_role[role] = posts[role_of == TEST].assign(**{f"{modality}_blanked": True})
    return {
        role: own if role in (TRAIN, VALIDATION) else own.assign(label=UNLABELLED)
        for role, own in of_role.items()
    }
