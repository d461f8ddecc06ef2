"""Batches of an encoding job, and the processes that compute them."""

import multiprocessing
from collections.abc import Callable, Iterable, Iterator
from typing import Any

#: Rows of a batch. Small ones are the fastest on a CPU: activations stay in the cache.
BATCH, GPU_BATCH = 16, 64


def chunks(numbers: list[int], size: int) -> list[list[int]]:
    """Split numbers into lists of a size; the last may be shorter."""
    return [numbers[start : start + size] for start in range(0, len(numbers), size)]


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
