"""Writes the demo data set."""

from collections.abc import Sequence
from pathlib import Path

from mmsent.data.layout import DATA_FOLDER, TRAIN_FILE, UNLABELLED_FILE
from mmsent.demo.pictures import save_picture
from mmsent.demo.plan import Post, file_names, plan_posts
from mmsent.demo.words import encode_text
from mmsent.files import write_text, written_whole


def write_demo(
    folder: Path, labelled: int, unlabelled: int, seed: int, alone: bool = False
) -> None:
    """Write a data set in the layout of the real one; the same arguments give the same bytes.

    Parameters
    ----------
    folder
        Gets ``train.txt``, ``test_without_label.txt`` and ``data/{guid}.jpg`` and ``.txt``; it
        is made if need be.
    labelled, unlabelled
        How many posts there are in either label file.
    seed
        Another one gives other posts.
    alone
        Remove what else is in ``data/``, posts of another size or seed; else it stays.

    Raises
    ------
    ValueError
        If ``labelled`` is too small for the quirks of the data set, or ``unlabelled`` negative.
    """
    posts = plan_posts(labelled, unlabelled, seed)
    if alone:
        own = set(file_names(labelled, unlabelled, seed))
        for path in (folder / DATA_FOLDER).glob("*"):
            if path.relative_to(folder).as_posix() not in own:
                path.unlink()
    for post in posts:
        _write_bytes(folder / DATA_FOLDER / f"{post.guid}.txt", encode_text(post))
        _write_bytes(folder / DATA_FOLDER / f"{post.guid}.jpg", save_picture(post))
    write_text(folder / TRAIN_FILE, _label_file(posts[:labelled]))
    write_text(folder / UNLABELLED_FILE, _label_file(posts[labelled:]))


def _label_file(posts: Sequence[Post]) -> str:
    rows = ["guid,tag"]
    for post in posts:
        guid = f"{post.guid}.0" if post.float_guid else str(post.guid)
        rows.append(f"{guid},{post.label or 'null'}")
    return "\n".join(rows) + "\n"


def _write_bytes(path: Path, content: bytes) -> None:
    with written_whole(path) as temporary:
        temporary.write_bytes(content)
