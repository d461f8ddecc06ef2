"""Work on several cores of a machine."""

import multiprocessing
from collections.abc import Callable, Iterable, Iterator
from typing import Any


def in_processes(work: Callable[[Any], Any], tasks: Iterable[Any], number: int) -> Iterator[Any]:
    """Yield the results of ``work`` on each task in order, computed by ``number`` processes.

    The processes are forks: they share all that is loaded, and no threads may run. A task and its
    result are small beside the work.
    """
    if number <= 1:
        yield from map(work, tasks)
        return
    with multiprocessing.get_context("fork").Pool(number, _set_work, (work,)) as pool:
        yield from pool.imap(_call, tasks)


_work: Callable[[Any], Any]


def _set_work(work: Callable[[Any], Any]) -> None:
    global _work  # noqa: PLW0603  a closure cannot be sent with each task
    _work = work


def _call(task: Any) -> Any:
    return _work(task)
