"""Names that every table of the project uses: classes in their one order, subsets, roles."""

LABELS: tuple[str, ...] = ("negative", "neutral", "positive")

#: Class index of each label name.
LABEL_INDEX: dict[str, int] = {name: index for index, name in enumerate(LABELS)}

NEUTRAL = LABEL_INDEX["neutral"]

#: What the label column of the posts table holds for a post without a label.
UNLABELLED = -1

#: Probability columns of a predictions table, in class order.
PROBABILITY_COLUMNS: list[str] = [f"p_{name}" for name in LABELS]

#: Subsets of the posts table.
LABELLED, UNLABELLED_SUBSET = "labelled", "unlabelled"

#: Roles of a post in an outer fold; a post without label has the last in every fold.
TEST, VALIDATION, TRAIN, UNLABELLED_ROLE = "test", "validation", "train", "unlabelled"

#: The fold's test posts once more, a modality of all of them blank: the role by that modality.
TEST_WITHOUT: dict[str, str] = {"text": "test_without_text", "image": "test_without_image"}
