"""Placeholder."""


def search() -> None:
    """Placeholder."""
