"""Loading models and tokenizers of transformers from folders, without running code in them."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import torch
from safetensors import SafetensorError
from torch import nn
from transformers import AutoTokenizer, PreTrainedTokenizerBase
from transformers.utils import logging as transformers_logging

from mmsent.encoders.towers import frozen
from mmsent.encoders.weights import WeightsError, weight_files

# The missing weights of its loading report are checked below; progress is shown post by post.
transformers_logging.set_verbosity_error()
transformers_logging.disable_progress_bar()

#: Errors of files, settings and weights that do not fit; open_clip asserts.
_LOADING = (AssertionError, ImportError, KeyError, OSError, RuntimeError, SafetensorError,
            TypeError, ValueError)  # fmt: skip

#: Nothing is fetched while a folder is read, and no code of a checkpoint runs.
OPTIONS: dict[str, Any] = {"local_files_only": True, "trust_remote_code": False}

#: Trained for another purpose and not used here: their weights may be missing.
_UNUSED = ("pooler.", "vision_model.embeddings.position_ids", "text_model.embeddings.position_ids")


def load_model(
    model_class: Any, folder: Path, dtype: torch.dtype = torch.float32, **options: Any
) -> nn.Module:
    """Load a model of transformers by ``from_pretrained`` and its ``options``, frozen.

    Pickled weights are read as tensors alone (``weights_only``): no code in them runs.

    Raises
    ------
    WeightsError
        If weights of a layer are missing or have another shape: they would be random.
    """
    with as_weights_error(str(folder)), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model, report = model_class.from_pretrained(
            folder, use_safetensors=weight_files(folder)[0].suffix == ".safetensors",
            weights_only=True, dtype=dtype, output_loading_info=True, **OPTIONS, **options,
        )  # fmt: skip
    missing = sorted(key for key in report["missing_keys"] if not key.startswith(_UNUSED))
    if missing:
        raise WeightsError(f"{folder}: the weights lack {', '.join(missing[:5])}")
    return frozen(model)


@contextmanager
def as_weights_error(name: str) -> Iterator[None]:
    """Raise errors of loading weights as a WeightsError whose message begins with a name."""
    try:
        yield
    except (torch.OutOfMemoryError, WeightsError):
        raise
    except UnpicklingError as error:
        raise WeightsError(f"{name}: the weights contain more than tensors: not loaded") from error
    except _LOADING as error:
        raise WeightsError(f"{name}: cannot be loaded: {error}") from error


def load_tokenizer(folder: Path) -> PreTrainedTokenizerBase:
    """Load the tokenizer of a checkpoint, padding on the right.

    Raises
    ------
    WeightsError
        If it cannot be read.
    """
    with as_weights_error(f"{folder}: tokenizer"):
        tokenizer = AutoTokenizer.from_pretrained(folder, **OPTIONS)
    tokenizer.padding_side = "right"
    return tokenizer
