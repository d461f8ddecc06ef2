"""Names that every table of the project uses: class order, subsets, splits."""

LABELS: tuple[str, ...] = ("negative", "neutral", "positive")

#: Class index of each label name.
LABEL_INDEX: dict[str, int] = {name: index for index, name in enumerate(LABELS)}

NEUTRAL = LABEL_INDEX["neutral"]

#: What the label column of the posts table contains for a post without a label.
UNLABELLED = -1

#: Probability columns of a predictions table, in class order.
PROBABILITY_COLUMNS: list[str] = [f"p_{name}" for name in LABELS]

#: Subsets of the posts table.
LABELLED, UNLABELLED_SUBSET = "labelled", "unlabelled"

#: Splits of an outer fold; a post without a label is in the last one in every fold.
TEST, VALIDATION, TRAIN, UNLABELLED_SPLIT = "test", "validation", "train", "unlabelled"

#: The split that repeats the test posts with one modality blank, by that modality.
TEST_WITHOUT: dict[str, str] = {"text": "test_without_text", "image": "test_without_image"}
