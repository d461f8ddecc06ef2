"""The three sentiment classes, in the one order that every array and table of the project uses."""

LABELS: tuple[str, ...] = ("negative", "neutral", "positive")

#: Class index of each label name.
LABEL_INDEX: dict[str, int] = {name: index for index, name in enumerate(LABELS)}

NEUTRAL = LABEL_INDEX["neutral"]

#: What the label column of the posts table holds for a post without a label.
UNLABELLED = -1

#: Probability columns of a predictions table, in class order.
PROBABILITY_COLUMNS: list[str] = [f"p_{name}" for name in LABELS]
