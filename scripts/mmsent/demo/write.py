"""Writing the demo data set."""

from collections.abc import Sequence
from pathlib import Path

from mmsent.data.layout import DATA_FOLDER, TRAIN_FILE, UNLABELLED_FILE
from mmsent.demo.pictures import encode_picture
from mmsent.demo.plan import Post, file_names, plan_posts
from mmsent.demo.texts import encode_text
from mmsent.files import write_text, written_whole
from mmsent.processes import in_processes


def write_demo(
    folder: Path,
    labelled: int,
    unlabelled: int,
    seed: int,
    alone: bool = False,
    threads: int = 1,
) -> None:
    """Write a data set in the layout of the real one; equal arguments give equal bytes.

    Parameters
    ----------
    folder
        Where ``train.txt``, ``test_without_label.txt``, ``data/{guid}.jpg`` and
        ``data/{guid}.txt`` are written; created if missing.
    alone
        Remove all other files in ``data/``, such as posts of another seed.
    threads
        Processes that draw.
    """
    posts = plan_posts(labelled, unlabelled, seed)
    if alone:
        names = set(file_names(labelled, unlabelled, seed))
        for path in (folder / DATA_FOLDER).glob("*"):
            if path.relative_to(folder).as_posix() not in names:
                path.unlink()
    for post, picture in zip(posts, in_processes(encode_picture, posts, threads), strict=True):
        contents = {"txt": encode_text(post), "jpg": picture}
        for suffix, content in contents.items():
            with written_whole(folder / DATA_FOLDER / f"{post.guid}.{suffix}") as temporary:
                temporary.write_bytes(content)
    write_text(folder / TRAIN_FILE, _label_file(posts[:labelled]))
    write_text(folder / UNLABELLED_FILE, _label_file(posts[labelled:]))


def _label_file(posts: Sequence[Post]) -> str:
    rows = ["guid,tag"]
    for post in posts:
        guid = f"{post.guid}.0" if post.float_guid else str(post.guid)
        rows.append(f"{guid},{post.label or 'null'}")
    return "\n".join(rows) + "\n"
