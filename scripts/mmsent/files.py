"""Reading and writing files: whole or not at all, the same bytes for the same content."""

import hashlib
import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any


@contextmanager
def written_whole(path: str | Path) -> Iterator[Path]:
    """Yield a temporary path beside ``path`` that takes its place once the block has succeeded.

    A reader therefore reads the old file or the whole new file, and never a part of it.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    # The suffix stays, since matplotlib and pandas choose the format by it.
    handle, name = tempfile.mkstemp(prefix=f".{path.stem}.", suffix=path.suffix, dir=path.parent)
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        mask = os.umask(0)
        os.umask(mask)
        temporary.chmod(0o666 & ~mask)  # mkstemp gives 0600: too strict for a shared results folder
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def write_text(path: str | Path, text: str) -> None:
    """Write ``text`` as UTF-8 with line feeds, whole."""
    with written_whole(path) as temporary:
        temporary.write_text(text, encoding="utf-8", newline="\n")


def write_json(path: str | Path, value: Any) -> None:
    """Write ``value`` as indented JSON with sorted keys."""
    write_text(path, json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False) + "\n")


def read_json(path: str | Path) -> Any:
    """Read a JSON file."""
    return json.loads(Path(path).read_text(encoding="utf-8"))


def sha256_bytes(content: bytes) -> str:
    """SHA-256 of ``content`` as 64 hexadecimal digits."""
    return hashlib.sha256(content).hexdigest()


def seed_of(*parts: object) -> int:
    """A seed from the parts: 32 bits, all that torch's CPU generator uses."""
    return int(sha256_bytes("/".join(map(str, parts)).encode())[:8], 16)


def sha256_file(path: str | Path) -> str:
    """SHA-256 of a file as 64 hexadecimal digits."""
    with Path(path).open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def sorted_keys(value: Any) -> Any:
    """``value`` with the keys of all mappings in order, as settings are compared."""
    return json.loads(canonical_json(value))


def canonical_json(value: Any) -> str:
    """``value`` as JSON in one line with sorted keys: equal settings give equal text."""
    return json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def settings_argument(value: str) -> Any:
    """Read a word of a command line: JSON of settings, ``FILE.yaml#key``, or the word itself.

    Raises
    ------
    ValueError
        If the file has no such key.
    """
    if value.lstrip().startswith("{"):
        return json.loads(value)
    name, separator, key = value.partition(".yaml#")
    if not separator:
        return value
    import yaml

    settings = yaml.safe_load(Path(f"{name}.yaml").read_text(encoding="utf-8"))
    if key not in settings:
        raise ValueError(f"{name}.yaml: no key {key!r}; it has {', '.join(settings)}")
    return settings[key]
