"""Progress of long jobs: a bar in a terminal, a line for each tenth in a log."""

import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager
from typing import TypeVar

from tqdm import tqdm

#: Begins each line; several jobs may write to one output.
label = ""

Item = TypeVar("Item")


#: Seconds between two lines, at least.
_INTERVAL = 2.0


class Progress(AbstractContextManager["Progress"]):
    """Report on standard error how many of ``total`` posts are done.

    A bar redraws its line, which in a file leaves thousands of them: there, and in the output of
    Snakemake that several jobs share, each tenth of the work is one line.
    """

    def __init__(self, total: int, name: str) -> None:
        """Begin; ``name`` starts each line."""
        self._total, self._name, self._done = total, f"{label} {name}".strip(), 0
        self._start, self._shown = time.monotonic(), 0.0
        is_terminal = sys.stderr.isatty()
        self._bar = tqdm(total=total, desc=name, unit="post") if is_terminal else None

    def update(self, count: int, note: str = "") -> None:
        """Add ``count`` posts; ``note`` is shown behind the numbers."""
        before, self._done = self._done, self._done + count
        if self._bar is not None:
            self._bar.set_postfix_str(note, refresh=False)
            self._bar.update(count)
            return
        tenths = self._done * 10 // max(self._total, 1) - before * 10 // max(self._total, 1)
        seconds = time.monotonic() - self._start
        if tenths and (seconds - self._shown >= _INTERVAL or self._done >= self._total):
            self._shown = seconds
            line = f"{self._name}: {self._done} of {self._total} posts, {seconds:.0f} s {note}"
            print(line.rstrip(), file=sys.stderr, flush=True)

    def __exit__(self, *error: object) -> None:
        """Close the bar."""
        if self._bar is not None:
            self._bar.close()


def with_progress(items: Iterable[Item], name: str, total: int | None = None) -> Iterator[Item]:
    """Yield the items, each a post, and report progress; ``total``: their number, if known."""
    if total is None:
        items = list(items)
        total = len(items)
    with Progress(total, name) as progress:
        for item in items:
            yield item
            progress.update(1)
