"""Command line of the scripts that run vision-language models."""

import argparse
from pathlib import Path

from mmsent.files import settings_argument
from mmsent.training.arguments import fold_parser


def vlm_parser(description: str | None) -> argparse.ArgumentParser:
    """Return a parser for a run of a vision-language model on one fold."""
    parser = fold_parser(description)
    parser.add_argument("--model", required=True, type=settings_argument,
                        help="settings of the model: JSON, or MODELS.yaml#vlm")  # fmt: skip
    parser.add_argument("--pictures", required=True, type=Path, help="folder of the images")
    parser.add_argument("--workers", type=int, default=0,
                        help="processes that decode images ahead")  # fmt: skip
    parser.add_argument("--cost", type=Path, default=None,
                        help="JSON to write: memory, posts per second")  # fmt: skip
    return parser
