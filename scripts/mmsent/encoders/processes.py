"""Work that is divided between processes."""

import multiprocessing
from collections.abc import Callable, Iterable, Iterator
from typing import Any

_work: Callable[[Any], Any] | None = None


def in_processes(work: Callable[[Any], Any], tasks: Iterable[Any], number: int) -> Iterator[Any]:
    """Results of ``work`` on each task in order, computed by ``number`` processes.

    The processes are forks: they share what is loaded, and no threads may run. A task and its
    result are small beside the work.
    """
    if number <= 1:
        yield from map(work, tasks)
        return
    global _work  # noqa: PLW0603  a fork knows it, and nothing else can hand a closure to one
    _work = work
    with multiprocessing.get_context("fork").Pool(number) as pool:
        yield from pool.imap(_call, tasks)


def _call(task: Any) -> Any:
    assert _work is not None
    return _work(task)
