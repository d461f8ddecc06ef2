"""Checkpoints: folders with weights, settings and a tokenizer, in the format of transformers."""

import importlib.util
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import torch
from safetensors import SafetensorError
from torch import nn
from transformers import AutoTokenizer, PreTrainedTokenizerBase
from transformers.utils import logging as transformers_logging

from mmsent.config.encoders import Weights
from mmsent.encoders.hub import fetched
from mmsent.encoders.towers import frozen
from mmsent.encoders.weights import WeightsError, check_files, locate, weight_files

# What matters of its loading report is checked below, and progress is shown post by post.
transformers_logging.set_verbosity_error()
transformers_logging.disable_progress_bar()

#: Patterns of files of weights, one format each, best first: safetensors can contain no code.
_FORMATS: Sequence[Sequence[str]] = (
    ("model.safetensors", "model-*-of-*.safetensors"),
    ("pytorch_model.bin", "pytorch_model-*-of-*.bin"),
)

#: What loading a file, settings or weights that do not fit ends in; of asserts, in open_clip.
_LOADING = (OSError, RuntimeError, ValueError, KeyError, TypeError, AssertionError, SafetensorError)

#: Nothing is fetched while a folder is read, and no code of a checkpoint runs.
OPTIONS: dict[str, Any] = {"local_files_only": True, "trust_remote_code": False}

#: Trained for another purpose and not used here: their weights may be missing.
_UNUSED = ("pooler.", "vision_model.embeddings.position_ids", "text_model.embeddings.position_ids")


def checkpoint_folder(
    spec: Weights,
    formats: Sequence[Sequence[str]] = _FORMATS,
    files_in: Callable[[Path], list[Path]] = weight_files,
) -> Path:
    """Return the folder of a checkpoint: fetched if it is a hub's, and with its hash checked.

    Parameters
    ----------
    formats
        As in :func:`fetched`.
    files_in
        Returns the files of weights in a folder, of the best format that it contains.

    Raises
    ------
    WeightsError
        If the weights are missing, or not the ones that ``spec`` names.
    """
    if spec.revision:
        folder = fetched(spec.source, spec.revision, formats, lambda path: bool(files_in(path)))
    else:
        folder = locate(spec.source)
    files = files_in(folder)
    if not files:
        names = ", ".join(patterns[0] for patterns in formats)
        raise WeightsError(f"{folder}: contains none of {names}; set source to a folder that does")
    if spec.sha256 or not spec.revision:
        check_files(files, spec.sha256)
    return folder


def load_model(
    model_class: Any, folder: Path, dtype: torch.dtype = torch.float32, **options: Any
) -> nn.Module:
    """Load a model of transformers, frozen.

    Pickled weights are read as tensors alone (``weights_only``): no code in them runs.

    Parameters
    ----------
    options
        Of ``from_pretrained``.

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
    """Raise what goes wrong while weights are loaded as a WeightsError that names them."""
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
        If it cannot be read, or needs a package that is not installed.
    """
    pieces = sorted(folder.glob("*.model"))
    needed = [name for name in ("sentencepiece", "google.protobuf") if not _installed(name)]
    if pieces and needed and not (folder / "tokenizer.json").is_file():
        raise WeightsError(
            f"{pieces[0]}: reading this tokenizer takes the packages sentencepiece and protobuf "
            "(pip install sentencepiece protobuf), or a tokenizer.json beside it"
        )
    try:
        tokenizer = AutoTokenizer.from_pretrained(folder, **OPTIONS)
    except (OSError, ValueError, ImportError, KeyError) as error:
        raise WeightsError(f"{folder}: no tokenizer can be loaded: {error}") from error
    tokenizer.padding_side = "right"
    return tokenizer


def _installed(name: str) -> bool:
    try:
        return importlib.util.find_spec(name) is not None
    except ModuleNotFoundError:
        return False
