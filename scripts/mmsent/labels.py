"""Names that every table of the project uses: classes, subsets, splits."""

import re
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from types import MappingProxyType
from typing import Any, overload

#: The classes of the study, and the one that it treats as rare: those of a run that sets no others.
STUDY_LABELS: tuple[str, ...] = ("negative", "neutral", "positive")
STUDY_RARE_CLASS = "neutral"

#: Tags of a post without a label.
NO_LABEL = ("", "null", "nan", "none")

#: A run has so many classes at most.
MOST_LABELS = 20

_NUMBER = re.compile(r"[+-]?[0-9]+(?:\.[0-9]*)?")


class Labels(Sequence[str]):
    """Names of the classes of a run, in order; the plan and each job set them once.

    Attributes
    ----------
    settings
        What differs from the study, as :meth:`set` takes it.
    rare
        Index of the rare class; None: there is none.
    """

    def __init__(self) -> None:
        """Take the classes of the study."""
        self.set()

    def set(
        self,
        labels: Sequence[str] = STUDY_LABELS,
        spellings: Mapping[str, str] = MappingProxyType({}),
        rare_class: str | None = STUDY_RARE_CLASS,
    ) -> None:
        """Set names, other spellings in label files (spelling to name), and the rare class.

        A rare class that is not among the names is none.
        """
        self._names = tuple(labels)
        places = {folded(name): place for place, name in enumerate(labels)}
        self.rare = None if rare_class is None else places.get(folded(rare_class))
        self._places = places | {folded(s): places[folded(n)] for s, n in spellings.items()}
        self._numbers = {as_number(key): place for key, place in self._places.items()}
        self.settings: dict[str, Any] = {}
        if self._names != STUDY_LABELS:
            self.settings["labels"] = list(labels)
        if spellings:
            self.settings["spellings"] = dict(spellings)
        if rare_class != STUDY_RARE_CLASS:
            self.settings["rare_class"] = rare_class

    def place(self, tag: str) -> int | None:
        """Return the index of the class that a label file names, or None.

        Neither case nor surrounding space matters; ``1.0`` is the class ``1`` unless there is a
        class ``1.0``.
        """
        number = as_number(tag)
        numbered = None if number is None else self._numbers.get(number)
        return self._places.get(folded(tag), numbered)

    @property
    def rare_class(self) -> str | None:
        """Name of the rare class, or None."""
        return None if self.rare is None else self._names[self.rare]

    @property
    def are_of_study(self) -> bool:
        """Whether the study has the same classes, in any order."""
        return {*map(folded, self._names)} == {*STUDY_LABELS}

    @property
    def in_tables(self) -> Sequence[str]:
        """The names in the order of tables: that of the study's is the reverse, positive first."""
        return self._names[::-1] if self._names == STUDY_LABELS else self._names

    @property
    def probability_columns(self) -> list[str]:
        """Probability columns of a predictions table, in class order."""
        return [f"p_{name}" for name in self._names]

    @overload
    def __getitem__(self, place: int) -> str: ...
    @overload
    def __getitem__(self, place: slice) -> tuple[str, ...]: ...
    def __getitem__(self, place: int | slice) -> str | tuple[str, ...]:
        """Return a name by its index."""
        return self._names[place]

    def __len__(self) -> int:
        """Return the number of classes."""
        return len(self._names)

    def __iter__(self) -> Iterator[str]:
        """Iterate over the names."""
        return iter(self._names)


def folded(tag: str) -> str:
    """Return a tag as it is compared: without surrounding space, whatever the case."""
    return tag.strip().casefold()


def as_number(tag: str) -> Decimal | None:
    """Return the number that a tag is, or None."""
    return Decimal(tag.strip()) if _NUMBER.fullmatch(tag.strip()) else None


#: The classes of this run.
LABELS = Labels()

#: What the label column of the posts table contains for a post without a label.
UNLABELLED = -1

#: Subsets of the posts table.
LABELLED, UNLABELLED_SUBSET = "labelled", "unlabelled"

#: Splits of an outer fold; a post without a label is in the last one in every fold.
TEST, VALIDATION, TRAIN, UNLABELLED_SPLIT = "test", "validation", "train", "unlabelled"

#: The split that repeats the test posts with one modality blank, by that modality.
TEST_WITHOUT: dict[str, str] = {"text": "test_without_text", "image": "test_without_image"}
