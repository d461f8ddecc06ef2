"""The joint space of texts and images of a CLIP, from stored states of its image encoder."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F

from mmsent.config.encoders import OpenClip, TransformersClip, clip_encoder
from mmsent.encoders.weights import WeightsError

# Loaders are imported where they are called: each needs another heavy package.


@dataclass(frozen=True)
class JointSpace:
    """Projections into the space in which a CLIP compares texts with images.

    Attributes
    ----------
    of_texts, of_states
        Functions of texts, and of states of the image encoder ``(images, dim)``.
    """

    of_texts: Callable[[list[str]], torch.Tensor]
    of_states: Callable[[torch.Tensor], torch.Tensor]

    @torch.inference_mode()
    def texts(self, texts: Sequence[str]) -> np.ndarray:
        """Return unit vectors of texts, ``(texts, dim)``."""
        return F.normalize(self.of_texts(list(texts)), dim=1).numpy()

    @torch.inference_mode()
    def images(self, states: np.ndarray) -> np.ndarray:
        """Return unit vectors of the images that have these states, ``(images, dim)``."""
        return F.normalize(self.of_states(torch.from_numpy(states).float()), dim=1).numpy()


def load_joint_space(encoder: dict[str, Any]) -> JointSpace:
    """Load the projections of a CLIP from the settings of ``Models.specification("clip")``.

    Raises
    ------
    WeightsError
        If weights are missing or not those that the settings name, or images are not pooled into
        one state before they are projected.
    """
    clip = clip_encoder(encoder["clip"])
    if isinstance(clip, TransformersClip):
        return _of_transformers(clip)
    if isinstance(clip, OpenClip):
        return _of_open_clip(clip)
    raise WeightsError("clip: a pair of encoders has no joint space")


def _of_transformers(clip: TransformersClip) -> JointSpace:
    from mmsent.encoders.transformers_towers import load_clip, load_text_tower

    model, tower = load_clip(clip), load_text_tower(clip)
    after = model.vision_model.post_layernorm
    return JointSpace(
        lambda texts: model.text_projection(tower.encode(texts)["summary"]),
        lambda states: model.visual_projection(after(states)),
    )


def _of_open_clip(clip: OpenClip) -> JointSpace:
    from mmsent.encoders.clip_open import load_open_clip

    model, batcher = load_open_clip(clip)
    visual: Any = model.visual
    if hasattr(visual, "trunk"):
        project: Callable[[torch.Tensor], torch.Tensor] = visual.head
    elif visual.pool_type == "avg" and not visual.final_ln_after_pool:
        raise WeightsError(
            f"{clip.source}: zero-shot needs images that are pooled after their norm"
        )
    else:

        def project(states: torch.Tensor) -> torch.Tensor:
            normed = visual.ln_post(states)
            return normed if visual.proj is None else normed @ visual.proj

    return JointSpace(lambda texts: model.encode_text(batcher(texts)), project)
