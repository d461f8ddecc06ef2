"""Names of views: how the files of stored embeddings are called."""

import re
from dataclasses import dataclass

#: The picture view that evaluation uses; augmented views are called ``{augmentation}.{number}``.
EVALUATION = "evaluation"

_TEXT_VIEW = re.compile(
    r"(?P<cleaning>\w+?)(\.(?P<tokens>\d+)tokens)?(\.below(?P<below>\d+))?"
    r"(\.(?P<augmentation>[A-Za-z_]\w*)\.(?P<number>\d+))?"
)


@dataclass(frozen=True)
class TextView:
    """What is encoded of a text.

    Attributes
    ----------
    cleaning
        As in an experiment.
    max_tokens
        Longer texts are cut off there; None: at the encoder's own length.
    below
        0: pooled last states; otherwise the states of all tokens below so many last layers.
    augmentation, number
        Name of an augmentation and number of the draw; None and 0: the text as it is.
    """

    cleaning: str
    max_tokens: int | None = None
    below: int = 0
    augmentation: str | None = None
    number: int = 0

    def __str__(self) -> str:
        """The name, such as ``none.32tokens`` or ``sentiment.light.2``."""
        parts = [self.cleaning]
        parts += [f"{self.max_tokens}tokens"] if self.max_tokens else []
        parts += [f"below{self.below}"] if self.below else []
        parts += [f"{self.augmentation}.{self.number}"] if self.augmentation else []
        return ".".join(parts)


def text_view(name: str) -> TextView:
    """The view that a name stands for.

    Raises
    ------
    ValueError
        If the name is not one that :class:`TextView` gives.
    """
    found = _TEXT_VIEW.fullmatch(name)
    if found is None:
        raise ValueError(f"{name!r} is no name of a text view")
    return TextView(
        found["cleaning"],
        int(found["tokens"]) if found["tokens"] else None,
        int(found["below"] or 0),
        found["augmentation"],
        int(found["number"] or 0),
    )
