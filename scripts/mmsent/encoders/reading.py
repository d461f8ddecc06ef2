"""What of a text an encoder reads."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mmsent.data.text import clean_text

if TYPE_CHECKING:
    import pandas as pd

    from mmsent.encoders.towers import TextTower


@dataclass(frozen=True)
class TextReading:
    """What is encoded of each text.

    Attributes
    ----------
    cleaning
        A name of :mod:`mmsent.data.text`.
    max_tokens
        Longer texts are cut off there; 0: at the encoder's own length.
    below
        0: pooled last states; otherwise the states of all tokens below so many last layers.
    policy, number, seed
        Augmentation of the cleaned text, number of the draw, and seed; no policy: as it is.
    """

    cleaning: str = "none"
    max_tokens: int = 0
    below: int = 0
    policy: dict[str, Any] | None = None
    number: int = 0
    seed: int = 0

    def texts(self, index: "pd.DataFrame", tower: "TextTower") -> list[str]:
        """The texts of an index as they are encoded; synonyms are the encoder's own."""
        cleaned = [clean_text(text, self.cleaning) for text in index["text"]]
        policy = self.policy
        if policy is None:
            return cleaned
        # Imported here: its stop words come from scikit-learn, which takes a second.
        from mmsent.encoders.text_views import augmented_text, vocabulary_of

        synonyms = "synonym" in policy["operations"]
        vocabulary = vocabulary_of(tower, policy["similarity"]) if synonyms else None
        return [
            augmented_text(text, policy, vocabulary, guid, self.number, self.seed)
            for text, guid in zip(cleaned, index["guid"], strict=True)
        ]
