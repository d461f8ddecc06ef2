"""The stored views of texts and pictures: their files, and what makes them."""

from collections.abc import Mapping

from mmsent.config.augmentation import Augmentation, TextAugmentation
from mmsent.config.experiment import Experiment
from mmsent.encoders.names import EVALUATION, TextView, text_view
from mmsent.files import canonical_json


def view_settings(
    view: str, augmentations: Mapping[str, Augmentation], seed: int
) -> dict[str, str | int]:
    """What makes a view of a picture: augmentation as JSON, number of the draw, seed."""
    if view == EVALUATION:
        return {"augmentation": "{}", "number": 0, "seed": 0}
    name, number = view.split(".")
    settings = canonical_json(augmentations[name].model_dump())
    return {"augmentation": settings, "number": int(number), "seed": seed}


def text_view_settings(
    name: str, augmentations: Mapping[str, TextAugmentation], seed: int
) -> dict[str, str | int]:
    """What makes a view of a text, from its name."""
    view = text_view(name)
    policy = "{}"
    if view.augmentation:
        policy = canonical_json(augmentations[view.augmentation].model_dump())
    return {
        "cleaning": view.cleaning,
        "max_tokens": view.max_tokens or 0,
        "below": view.below,
        "augmentation": policy,
        "number": view.number,
        "seed": seed if view.augmentation else 0,
    }


def stored(embeddings: str) -> str:
    """The file that keeps what an embedding file holds beyond the outputs of the rules."""
    return embeddings.replace("results/embeddings/", "results/store/")


def text_embeddings(experiment: Experiment) -> list[str]:
    """The text embeddings that an experiment reads: the text as it is first."""
    if "text" not in experiment.modalities:
        return []
    text = experiment.text
    fixed = (text.cleaning, text.max_tokens, text.trained_layers)
    views = [TextView(*fixed)]
    views += [TextView(*fixed, text.augmentation, n) for n in range(1, text.views + 1)]
    return [f"results/embeddings/{text.encoder}/text.{view}.safetensors" for view in views]


def image_embeddings(experiment: Experiment) -> list[str]:
    """The image embeddings that an experiment reads: evaluation view first."""
    if "image" not in experiment.modalities:
        return []
    image = experiment.image
    views = [EVALUATION, *(f"{image.augmentation}.{n}" for n in range(1, image.views + 1))]
    return [f"results/embeddings/{image.encoder}/image.{view}.safetensors" for view in views]
