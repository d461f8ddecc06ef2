"""Names of views."""

#: The view that evaluation uses; augmented views are called after their augmentation.
EVALUATION = "evaluation"
