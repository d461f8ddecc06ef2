"""Show what a run really trains with: ``python scripts/show.py v2_enhanced``.

Prints the settings of an experiment, each with the file that it comes from; of two experiments, the
settings in which they differ.
"""

import argparse
import sys
from collections.abc import Iterator, Mapping
from typing import Any

import yaml

from mmsent.config.fitting import ABOUT
from mmsent.config.main import CONFIG, Config
from mmsent.config.profile import load_profile, profile_path
from mmsent.config.validation import located, overlaid, read_yaml, validated
from mmsent.errors import InputError
from mmsent.labels import LABELS
from mmsent.plan.resolve import Resolved, resolve
from mmsent.sources import ROOT

#: Origins stand in this column, or behind a longer setting.
_COLUMN = 50

#: Behind the origin of a setting that the search of each fold may choose otherwise.
_SEARCHED = ", searched"


def main() -> None:
    """Read the command line and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("name", help="an experiment, such as v2_enhanced or ablation/text_only")
    parser.add_argument("other", nargs="?", help="another, to print the settings that differ")
    parser.add_argument("--profile", help="profile; by default that of config/config.yaml")
    args = parser.parse_args()
    names = [args.name, *([args.other] if args.other else [])]
    try:
        merged = overlaid(read_yaml(ROOT / CONFIG), read_yaml(located(CONFIG)))
        config = validated(Config, merged, lambda _: str(CONFIG))
        LABELS.set(**config.classes)
        profile = load_profile(profile_path(args.profile or config.profile))
        resolved = [resolve(n, profile.overrides, str(profile.path)) for n in names]
    except InputError as error:
        sys.exit(str(error))
    rows = shown(resolved[0]) if len(resolved) == 1 else differing(resolved)
    if not rows:
        sys.exit(f"{' and '.join(names)} differ in no setting")
    width = min(max(len(text) for text, _ in rows), _COLUMN)
    print("\n".join(f"{text:<{width}}  # {origin}".rstrip(" #") for text, origin in rows))


def shown(resolved: Resolved) -> list[tuple[str, str]]:
    """Each setting by its dotted key, and its origin."""
    settings = resolved.settings.model_dump(exclude=ABOUT)
    space = (settings.get("search") or {}).get("space", {})
    searched = {
        key for options in space.values() for option in options for key, _ in _leaves(option)
    }
    return [
        (f"{'.'.join(key)}: {_flow(value)}", resolved.origin(*key) + _SEARCHED * (key in searched))
        for key, value in _leaves(settings)
    ]


def differing(resolved: list[Resolved]) -> list[tuple[str, str]]:
    """The settings in which experiments differ: the value of each, and its origin."""
    tables = [dict(_leaves(each.settings.model_dump(exclude=ABOUT))) for each in resolved]
    rows = []
    for key in dict.fromkeys(key for table in tables for key in table):
        if len({_flow(table.get(key)) for table in tables}) > 1:
            rows.append((f"{'.'.join(key)}:", ""))
            for each, table in zip(resolved, tables, strict=True):
                value = _flow(table[key]) if key in table else "-"
                rows.append((f"  {each.name}: {value}", each.origin(*key) if key in table else ""))
    return rows


def _leaves(
    settings: Mapping[str, Any], above: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], Any]]:
    for key, value in settings.items():
        if isinstance(value, dict) and value:
            yield from _leaves(value, (*above, key))
        else:
            yield (*above, key), value


def _flow(value: Any) -> str:
    text = yaml.safe_dump(value, default_flow_style=True, width=10_000, allow_unicode=True)
    return text.removesuffix("\n").removesuffix("\n...")


if __name__ == "__main__":
    main()
