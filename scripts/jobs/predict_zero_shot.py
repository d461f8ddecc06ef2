"""Placeholder."""


def predict_zero_shot() -> None:
    """Placeholder."""
