"""Generate the demo data set."""

from pathlib import Path

from mmsent.demo.write import write_demo


def generate_demo(
    folder: Path, labelled: int, unlabelled: int, seed: int, threads: int = 1
) -> None:
    """Write generated posts in the layout of a data set; other files of its data/ are removed."""
    write_demo(folder, labelled, unlabelled, seed, alone=True, threads=threads)
