"""Loading of a vision-language model and its processor, tiny or real."""

import importlib.util
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from torch import nn
from transformers import (
    AutoConfig,
    AutoModelForImageTextToText,
    AutoProcessor,
    BitsAndBytesConfig,
    ProcessorMixin,
)

from mmsent.config.encoders import TinyVlm, VlmCheckpoint
from mmsent.config.validation import ConfigError
from mmsent.config.vlm import PixelBudget
from mmsent.encoders.checkpoints import OPTIONS, load_model
from mmsent.encoders.weights import WeightsError, checkpoint_folder
from mmsent.vlm.device import Precision
from mmsent.vlm.tiny import write_tiny

#: Model types whose language model and vision tower have the names used here.
FAMILIES = ("qwen2_vl", "qwen2_5_vl")


@contextmanager
def vlm_folder(spec: TinyVlm | VlmCheckpoint) -> Iterator[Path]:
    """Yield the folder of a checkpoint; that of a tiny model exists within the block only.

    Raises
    ------
    WeightsError
        If the weights are missing, or not the ones that ``spec`` names.
    """
    if isinstance(spec, TinyVlm):
        with tempfile.TemporaryDirectory(prefix="mmsent-tiny-vlm-") as name:
            write_tiny(Path(name), spec)
            yield Path(name)
    else:
        yield checkpoint_folder(spec)


def load_processor(folder: Path, pixels: PixelBudget) -> ProcessorMixin:
    """Load tokenizer, chat template and image processor, the latter with a budget of pixels.

    Raises
    ------
    WeightsError
        If they cannot be read or there is no chat template.
    """
    try:
        processor = AutoProcessor.from_pretrained(folder, **OPTIONS)
    except (OSError, ValueError, ImportError, KeyError) as error:
        raise WeightsError(f"{folder}: no processor can be loaded: {error}") from error
    if not getattr(processor, "chat_template", None):
        raise WeightsError(f"{folder}: the processor has no chat template")
    processor.image_processor.size = {"shortest_edge": pixels.min, "longest_edge": pixels.max}
    return processor


def load_vlm(folder: Path, precision: Precision, four_bit: bool = False) -> nn.Module:
    """Load a frozen vision-language model in evaluation mode on the device of ``precision``.

    Parameters
    ----------
    four_bit
        The language model's linear layers in NF4 with double quantisation (Dettmers et al. 2023,
        "QLoRA", section 3); the vision tower and the embeddings keep ``precision``.

    Raises
    ------
    WeightsError
        If weights are missing or the model is no Qwen2-VL or Qwen2.5-VL.
    ConfigError
        If ``four_bit`` needs a package that is not installed.
    """
    try:
        family = AutoConfig.from_pretrained(folder, **OPTIONS).model_type
    except (OSError, ValueError, KeyError) as error:
        raise WeightsError(f"{folder}: no settings can be loaded: {error}") from error
    if family not in FAMILIES:
        raise WeightsError(f"{folder}: holds a {family}, not one of {', '.join(FAMILIES)}")
    options: dict[str, Any] = {}
    if four_bit:
        if importlib.util.find_spec("bitsandbytes") is None:
            raise ConfigError("four_bit: needs the package bitsandbytes")
        options = {
            "device_map": {"": precision.device},
            "quantization_config": BitsAndBytesConfig(
                load_in_4bit=True,
                bnb_4bit_quant_type="nf4",
                bnb_4bit_use_double_quant=True,
                bnb_4bit_compute_dtype=precision.dtype,
                # Names are matched from their start; the adapters and the head come later.
                llm_int8_skip_modules=["model.visual", "lm_head"],
            ),
        }
    model = load_model(AutoModelForImageTextToText, folder, precision.dtype, **options)
    if not four_bit:
        return model.to(precision.device)
    _keep_gradients(model)
    return model


def _keep_gradients(model: nn.Module) -> None:
    """Keep bitsandbytes from repacking 4-bit weights on CPUs that have AVX512-BF16.

    It repacks in the first evaluation pass; afterwards no gradient passes the layer, with a
    warning only.
    """
    layer: Any
    for layer in model.modules():
        if hasattr(layer, "support_avx512bf16_for_cpu"):
            layer.support_avx512bf16_for_cpu = False


def parameters(model: nn.Module) -> int:
    """Return the number of all parameters; a byte of 4-bit weights counts as two."""
    return sum(2 * p.numel() if p.dtype == torch.uint8 else p.numel() for p in model.parameters())
