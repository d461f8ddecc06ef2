"""Placeholder."""


def train() -> None:
    """Placeholder."""
