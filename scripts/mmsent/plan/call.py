"""What a rule passes to its job: files and settings as one argument."""

import json
import re
import shlex
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from mmsent.labels import LABELS

#: Names of inputs that a job does not read: its code, and files that have to be there before it.
NOT_PASSED = {"code", "after"}


def call(
    first: Mapping[str, Any] | Callable[[Any], Mapping[str, Any]] = MappingProxyType({}),
    **more: Any,
) -> dict[str, Callable[..., str]]:
    """Return the ``params`` of a rule.

    ``call`` is the words of a command line behind ``python``: scripts/job.py, the name of the job
    and its arguments as JSON: the rule's named inputs and outputs, and settings. Settings, together
    or each, may be a function of the wildcards. A setting named like an input, with paths in
    mappings and lists, gives the input's paths that shape.

    ``settings`` are the settings alone, as one string: Snakemake compares with those of an earlier
    run only what is no function of the inputs, and of several parameters the values without their
    names.
    """

    # Now, not when a job starts: another workflow's module may set others in this process.
    classes = ["--classes", _json(LABELS.settings)] if LABELS.settings else []

    def evaluated(wildcards: Any) -> dict[str, Any]:
        named = {**(first(wildcards) if callable(first) else first), **more}
        return {n: value(wildcards) if callable(value) else value for n, value in named.items()}

    def settings(wildcards: Any) -> str:
        return _json(evaluated(wildcards))

    def command(wildcards: Any, input: Any, output: Any) -> str:
        named = {
            name: paths if isinstance(paths, str) else list(paths)
            for files in (input, output)
            for name, paths in files.items()
            if name not in NOT_PASSED
        }
        for name, value in evaluated(wildcards).items():
            named[name] = _shaped(value, iter(named[name])) if name in named else value
        job = Path(input.code[0]).stem
        label = " ".join([job, *filter(None, wildcards)])
        return shlex.join([input.code[1], job, _json(named), "--label", label, *classes])

    return {"settings": settings, "call": command}


def _json(value: dict[str, Any]) -> str:
    # In the order in which they come: tables have that of their experiments.
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _shaped(shape: Any, paths: Iterator[str]) -> Any:
    """``paths`` in mappings and lists like ``shape``.

    Its paths themselves are not taken: Snakemake may have fetched the files to other places.
    """
    if isinstance(shape, dict):
        return {name: _shaped(part, paths) for name, part in shape.items()}
    return [_shaped(part, paths) for part in shape] if isinstance(shape, list) else next(paths)


def flat(shape: Any) -> list[str]:
    """The paths in mappings and lists, in the order in which :func:`call` reads them."""
    if isinstance(shape, str):
        return [shape]
    parts = shape.values() if isinstance(shape, dict) else shape
    return [path for part in parts for path in flat(part)]


def any_of(names: Iterable[str]) -> str:
    """A regular expression that matches these names; without any it matches nothing."""
    return "|".join(map(re.escape, names)) or "(?!)"
