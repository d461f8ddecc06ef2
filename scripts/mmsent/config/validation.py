"""Validation of settings, with messages that name the file, the key, the value and the nearest."""

import difflib
import re
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, TypeVar

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from mmsent.errors import InputError
from mmsent.sources import ROOT


class ConfigError(InputError):
    """A setting is wrong; the message names where, what and the nearest valid value."""


class Settings(BaseModel):
    """Base of every settings model: unknown keys are errors, and nothing changes once read."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


def as_text(value: Any) -> Any:
    """A name that YAML reads as a number, as text.

    Raises
    ------
    ValueError
        If YAML reads it as a truth value: whether it was no, off or false is lost.
    """
    if isinstance(value, bool):
        raise ValueError("YAML reads no, yes, off, on, false and true as truth values: quote it")
    return str(value) if isinstance(value, int | float) else value


#: A name that YAML may read as a number.
Text = Annotated[str, BeforeValidator(as_text)]

Probability = Annotated[float, Field(ge=0, le=1)]

Model = TypeVar("Model", bound=Settings)


class _Loader(yaml.CSafeLoader):
    """Refuses a key twice, of which YAML keeps the last one silently.

    The parser in C is ten times as fast as that in Python: a plan reads each file dozens of times.
    """

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys: set[str] = set()
        for key, _ in node.value:
            if key.value in keys:
                problem = f"key {key.value!r} twice"
                raise yaml.MarkedYAMLError(problem=problem, problem_mark=key.start_mark)
            keys.add(str(key.value))
        return super().construct_mapping(node, deep)


def read_yaml(path: str | Path) -> dict[str, Any]:
    """Read a YAML file that contains a mapping.

    Raises
    ------
    ConfigError
        If the file is missing, is no YAML, or contains something else than a mapping.
    """
    path = Path(path)
    try:
        content = yaml.load(path.read_text(encoding="utf-8"), Loader=_Loader)
    except FileNotFoundError:
        folders = (path.parent, ROOT / path.parent)
        near = nearest(path.name, [p.name for folder in folders for p in folder.glob("*.yaml")])
        raise ConfigError(f"{path}: no such file{near}") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: not valid YAML: {error}") from None
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from None
    if not isinstance(content, dict):
        raise ConfigError(f"{path}: expected a mapping of keys, got {type(content).__name__}")
    return content


def located(path: str | Path) -> Path:
    """A file of settings: that in the working folder or, without it, that beside the Snakefile."""
    path, shipped = Path(path), ROOT / path
    return path if path.exists() or not shipped.exists() else shipped


def nearest(word: str, candidates: list[str]) -> str:
    """Return ``" (did you mean 'x'?)"`` for the candidate closest to ``word``, or ``""``."""
    close = difflib.get_close_matches(word, candidates, n=1, cutoff=0.5)
    return f" (did you mean {close[0]!r}?)" if close else ""


def validated(
    model: type[Model],
    content: dict[str, Any],
    source: Callable[[tuple[int | str, ...]], str],
) -> Model:
    """Build ``model`` from ``content``.

    Parameters
    ----------
    source
        Gives the name of the file that a key stems from, for the message.

    Raises
    ------
    ConfigError
        With one line for each wrong setting.
    """
    try:
        return model.model_validate(content)
    except ValidationError as error:
        lines = [_explain(model, item, source) for item in error.errors()]
        raise ConfigError("\n".join(lines)) from None


def _explain(
    model: type[Settings], item: Any, source: Callable[[tuple[int | str, ...]], str]
) -> str:
    location: tuple[int | str, ...] = item["loc"]
    key = ".".join(str(part) for part in location) or "(whole file)"
    message = item["msg"].removeprefix("Value error, ")
    hint = ""
    if item["type"] == "extra_forbidden":
        known = _fields_at(model, location[:-1])
        message = "unknown key"
        hint = nearest(str(location[-1]), known) or f"; known here: {', '.join(known)}"
    elif item["type"] == "missing":
        return f"{source(location)}: {key}: this key is required"
    elif item["type"] == "literal_error":
        allowed = [
            part.strip("' ") for part in item["ctx"]["expected"].replace(" or ", ",").split(",")
        ]
        hint = nearest(str(item["input"]), allowed)
    elif item["type"] == "float_type" and re.fullmatch(r"\d+e-?\d+", str(item["input"])):
        hint = f"; YAML takes it for text: write {float(item['input'])!r}"
    value = repr(item["input"])
    value = value if len(value) <= 120 else value[:117] + "..."
    return f"{source(location)}: {key}: {message}, got {value}{hint}"


def _fields_at(model: type[BaseModel], location: tuple[int | str, ...]) -> list[str]:
    """Names of the fields of the model at ``location`` inside ``model``."""
    current: Any = model
    for part in location:
        fields = getattr(current, "model_fields", {})
        if part not in fields:
            continue  # an index, or a key of a mapping: the model stays the same
        current = _model_of(fields[part].annotation)
    return list(getattr(current, "model_fields", {}))


def _model_of(annotation: Any) -> Any:
    """The settings model inside an annotation such as ``dict[str, Model]`` or ``Model | None``."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    for argument in getattr(annotation, "__args__", ()):
        model = _model_of(argument)
        if model is not None:
            return model
    return None


def has_key(content: Any, location: tuple[int | str, ...]) -> bool:
    """Whether ``content`` contains a key or an entry of a list, whatever its value."""
    for part in location:
        try:
            content = content[part]
        except (KeyError, IndexError, TypeError):
            return False
    return True


def overlaid(below: dict[str, Any], above: dict[str, Any]) -> dict[str, Any]:
    """``below`` with the keys of ``above``; mappings are merged, other values replaced."""
    merged = dict(below)
    for key, value in above.items():
        old = merged.get(key)
        both = isinstance(old, dict) and isinstance(value, dict)
        merged[key] = overlaid(old, value) if both else value  # type: ignore[arg-type]
    return merged
