"""What the figures of the data set are drawn from."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from mmsent.files import canonical_json

if TYPE_CHECKING:
    from mmsent.workflow.plan import Plan


def token_lengths(plan: Plan) -> str:
    """An embedding file that knows how many tokens each text has: the first that is made."""
    made = (path for path in plan.embeddings() if "/text." in path)
    return next(made, "results/embeddings/text/text.none.safetensors")


def token_limit(plan: Plan) -> int:
    """Where the encoder of :func:`token_lengths` cuts texts off, in tokens."""
    settings = plan.models.specification(Path(token_lengths(plan)).parent.name)
    return next(part["max_length"] for part in settings.values() if "max_length" in part)


def gallery(plan: Plan) -> str:
    """The augmentation that the gallery shows, as JSON: of those used the most various."""
    named = [experiment.image.augmentation for experiment in plan.experiments.values()]
    used = [name for name in named if name] or list(plan.augmentations)
    shown = max(used, key=lambda name: len(plan.augmentations[name].operations))
    return canonical_json(plan.augmentations[shown].model_dump())
