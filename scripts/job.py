"""Run a job: ``python scripts/job.py NAME --help``.

A job is the function of its name in scripts/jobs. Its arguments are options, or one JSON object, as
Snakemake passes them; both are converted to the types of the function's signature.
"""

import argparse
import importlib
import inspect
import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, get_origin

from pydantic import ConfigDict, ValidationError, validate_call

from mmsent import progress
from mmsent.errors import InputError
from mmsent.files import settings_argument
from mmsent.labels import LABELS

#: What Snakemake allots to a job; a function that has no use for it does not name it.
RESOURCES = {"gpus", "threads"}

JOBS = sorted(path.stem for path in Path(__file__).with_name("jobs").glob("[a-z]*.py"))


def job(name: str) -> Callable[..., None]:
    """Return the function of a job."""
    function: Callable[..., None] = getattr(importlib.import_module(f"jobs.{name}"), name)
    return function


def run(words: list[str]) -> None:
    """Run the job that a command line names; an error in the user's input ends the program."""
    parser = argparse.ArgumentParser(
        description=__doc__, add_help=len(words) < 2, allow_abbrev=False
    )
    parser.add_argument("name", choices=JOBS)
    parser.add_argument("arguments", nargs=argparse.REMAINDER)
    name, rest = vars(parser.parse_args(words)).values()
    function = job(name)
    arguments = _arguments(function, rest)
    call = validate_call(config=ConfigDict(arbitrary_types_allowed=True))(function)
    try:
        call(**arguments)
    except InputError as error:
        sys.exit(str(error))
    except ValidationError as error:
        if error.title != name:
            raise
        wrong = [(".".join(map(str, item["loc"])), item["msg"]) for item in error.errors()]
        sys.exit("\n".join(f"{name}: {argument}: {message}" for argument, message in wrong))


def _arguments(function: Callable[..., None], words: list[str]) -> dict[str, Any]:
    """The arguments of a function by name, from JSON or from options."""
    parameters = inspect.signature(function).parameters
    parser = argparse.ArgumentParser(
        prog=f"job.py {function.__name__}",
        description=inspect.getdoc(function),
        epilog=importlib.import_module("jobs").__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("json", nargs="?", help="arguments as a JSON object")
    parser.add_argument("--label", default="", help="begins each line of progress")
    parser.add_argument(
        "--classes",
        type=json.loads,
        default={},
        help="labels, spellings and rare_class of the settings as a JSON object; by default those "
        "of the study",
    )
    unused = RESOURCES - set(parameters)
    for name in unused:
        parser.add_argument(f"--{name}", default=argparse.SUPPRESS, help=argparse.SUPPRESS)
    for name, parameter in parameters.items():
        is_list = get_origin(parameter.annotation) in (list, Sequence)
        parser.add_argument(
            f"--{name.replace('_', '-')}",
            dest=name,
            nargs="*" if is_list else None,
            type=str if is_list else settings_argument,
            default=argparse.SUPPRESS,
            help="a JSON object" if get_origin(parameter.annotation) is dict else None,
        )
    options = vars(parser.parse_args(words))
    progress.label = options.pop("label")
    LABELS.set(**options.pop("classes"))
    arguments = json.loads(options.pop("json") or "{}") | options
    return {name: value for name, value in arguments.items() if name not in unused}


if __name__ == "__main__":
    run(sys.argv[1:])
