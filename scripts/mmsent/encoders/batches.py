"""Batches of an encoding job."""

#: Rows of a batch. Small ones are the fastest on a CPU: activations stay in the cache.
BATCH, GPU_BATCH = 16, 64


def chunks(numbers: list[int], size: int) -> list[list[int]]:
    """Split numbers into lists of a size; the last may be shorter."""
    return [numbers[start : start + size] for start in range(0, len(numbers), size)]
