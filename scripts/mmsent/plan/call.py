"""What a rule passes to its job: files and settings as one argument."""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

#: Names of inputs that a job does not read: its code, and files that have to be there before it.
NOT_PASSED = {"code", "after"}


def call(
    first: Mapping[str, Any] | Callable[[Any], Mapping[str, Any]] = MappingProxyType({}),
    **more: Any,
) -> Callable[..., str]:
    """Return the ``params`` of a rule: the name of its job and the job's arguments as JSON.

    Arguments are the rule's named inputs and outputs and the settings; inputs without a name are
    not passed. All is one string, as Snakemake compares the values of several parameters without
    their names. Settings, together or each, may be a function of the wildcards. A setting named
    like an input, with paths in mappings and lists, gives the input's paths that shape.
    """

    def arguments(wildcards: Any, input: Any, output: Any) -> str:
        named = {
            name: paths if isinstance(paths, str) else list(paths)
            for files in (input, output)
            for name, paths in files.items()
            if name not in NOT_PASSED
        }
        settings = {**(first(wildcards) if callable(first) else first), **more}
        for name, setting in settings.items():
            value = setting(wildcards) if callable(setting) else setting
            named[name] = _shaped(value, iter(named[name])) if name in named else value
        job = Path(input.code[0]).stem
        label = " ".join([job, *filter(None, wildcards)])
        # In the order in which they come: tables have that of their experiments.
        words = json.dumps(named, ensure_ascii=False, separators=(",", ":"))
        return f"{job} {_quoted(words)} --label {_quoted(label)}"

    return arguments


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


def _quoted(text: str) -> str:
    """``text`` as one word of a shell command, also within ``str.format``."""
    return "'" + text.replace("'", "'\\''") + "'"


def any_of(names: Iterable[str]) -> str:
    """A regular expression that matches these names; without any it matches nothing."""
    return "|".join(map(re.escape, names)) or "(?!)"
