"""Placeholder."""


def fine_tune_vlm() -> None:
    """Placeholder."""
