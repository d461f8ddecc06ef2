"""The settings of a run: config/config.yaml and what overrides it."""

import re
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import AfterValidator, Field, field_validator

from mmsent.config.baselines import BASELINES, Baseline
from mmsent.config.validation import (
    ConfigError,
    Settings,
    has_key,
    nearest,
    read_yaml,
    validated,
)

#: Keys whose value is the path of a file of settings.
FILES = ("augmentations", "text_augmentations", "paper_results", "deviations")

#: Names become parts of paths; letters may be of any script.
_EXPERIMENT_NAME = re.compile(r"\w[\w.-]*(?:/\w[\w.-]*)*")

Share = Annotated[float, Field(gt=0, lt=1)]


def experiment_names(names: list[str]) -> list[str]:
    """Return the names, all of which can be part of a path and of a command.

    Raises
    ------
    ValueError
        If a name has other characters than letters, digits, ``_``, ``.``, ``-`` and ``/``, or is
        listed twice.
    """
    for name in names:
        if not _EXPERIMENT_NAME.fullmatch(name):
            raise ValueError(
                f"{name!r} cannot be the name of an experiment: use letters, digits, _, . and -, "
                "a letter or a digit first; rename its file"
            )
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ValueError(f"named twice: {', '.join(twice)}")
    return names


Names = Annotated[list[str], AfterValidator(experiment_names)]
Baselines = Annotated[list[Baseline], AfterValidator(experiment_names)]


class DemoSettings(Settings):
    """The generated data set, which is used unless another is named."""

    labelled: int = Field(360, ge=30, description="posts with a label")
    unlabelled: int = Field(40, ge=0, description="posts without a label")
    seed: int = Field(7, description="another seed gives other posts")


class DuplicateSettings(Settings):
    """When two posts count as near-duplicates."""

    phash_distance: int = Field(
        4, ge=0, le=16, description="most differing bits of the 64-bit perceptual hashes"
    )
    minimum_words: int = Field(4, ge=1, description="shorter normalised texts match nothing")


class FoldSettings(Settings):
    """The grouped protocol: how posts are shared out."""

    outer: int = Field(5, ge=2, le=20, description="test folds; each labelled post is in one")
    inner: int = Field(
        6, ge=2, le=20, description="1 / inner of the training posts are inner validation"
    )


class IntervalSettings(Settings):
    """Bootstrap over near-duplicate groups."""

    resamples: int = Field(2000, ge=100, le=100_000)
    level: Share = 0.95


class SeedSettings(Settings):
    """Repeated runs, which differ in their seed alone."""

    experiments: Names = Field(default_factory=list, description="rows that are repeated")
    number: int = Field(5, ge=2, le=50, description="runs of each on each fold")


class LearningCurveSettings(Settings):
    """Scores by the number of training posts."""

    experiments: Names = Field(
        default_factory=list, description="rows that are trained beside the linear probe"
    )
    fractions: Annotated[list[Share], AfterValidator(sorted)] = Field(
        default_factory=list, description="of the training posts, below 1; none: no learning curve"
    )


class Config(Settings):
    """Everything that a user may set for a run; see config/config.yaml for the prose."""

    dataset: str = Field("demo", description="'demo', or a folder in the layout of the README")
    seed: int = 42
    profile: str = Field("offline", description="a file in config/profiles, or a path")
    augmentations: str = "config/augmentations.yaml"
    text_augmentations: str = "config/text_augmentations.yaml"
    paper_results: str = "config/paper_results.csv"
    deviations: str = "config/deviations.csv"
    device: Literal["auto", "cpu", "cuda"] = "auto"
    on_bad_post: Literal["error", "drop", "blank"] = "error"
    demo: DemoSettings = DemoSettings()
    duplicates: DuplicateSettings = DuplicateSettings()
    folds: FoldSettings = FoldSettings()
    intervals: IntervalSettings = IntervalSettings()
    protocol: Literal["grouped", "both"] = "grouped"
    seeds: SeedSettings = SeedSettings()
    learning_curve: LearningCurveSettings = LearningCurveSettings()
    vlm: Names = Field(default_factory=list, description="vision-language models, or none")
    baselines: Baselines = Field(
        default_factory=lambda: [*BASELINES], description="beside the versions, or none"
    )
    versions: Names = Field(min_length=1)
    ablation: Names = Field(description="rows of the ablation, or none")

    @field_validator("dataset", mode="before")
    @classmethod
    def _text(cls, value: Any) -> Any:
        # YAML reads a folder's name of digits as a number: 2023_11 as 202311.
        if isinstance(value, int | float):
            raise ValueError("YAML reads this name as a number; put ./ before the folder's name")
        return value

    @field_validator("dataset")
    @classmethod
    def _usable_path(cls, value: str) -> str:
        if "{" in value or "}" in value:
            raise ValueError(
                "Snakemake takes braces in a path for wildcards; rename the folder, or name a link "
                "to it (ln -s)"
            )
        return str(Path(value).expanduser())


def load_config(merged: dict[str, Any], files: list[Path]) -> Config:
    """Check the merged settings of a run.

    Parameters
    ----------
    merged
        Defaults, configuration files and command-line settings, later ones having won.
    files
        The configuration files, in the order in which they were read.

    Raises
    ------
    ConfigError
        One line for each wrong setting, naming the file that it stems from.
    """
    contents = {str(path): read_yaml(path) for path in files}

    def source(location: tuple[int | str, ...]) -> str:
        for name, content in reversed(contents.items()):
            if has_key(content, location) and (
                not has_key(merged, location) or _at(content, location) == _at(merged, location)
            ):
                return name
        return "--config" if has_key(merged, location) else next(iter(contents), "--config")

    def typed(value: Any, location: tuple[int | str, ...] = ()) -> Any:
        if isinstance(value, dict):
            return {key: typed(inner, (*location, key)) for key, inner in value.items()}
        # Snakemake hands every value inside `--config folds={outer: 3}` over as text.
        nested = len(location) > 1 and isinstance(value, str) and source(location) == "--config"
        return _scalar(value) if nested else value

    merged = typed(merged)
    config = validated(Config, merged, source)
    for key in FILES:
        path = Path(getattr(config, key))
        if not path.is_file():
            near = nearest(path.name, [other.name for other in path.parent.glob("*")])
            raise ConfigError(f"{source((key,))}: {key}: no such file: {path}{near}")
    if config.dataset != "demo" and not Path(config.dataset).is_dir():
        raise ConfigError(
            f"{source(('dataset',))}: dataset: no such folder: {config.dataset} "
            "(name a folder with train.txt and data/, or 'demo')"
        )
    return config


def _at(content: Any, location: tuple[int | str, ...]) -> Any:
    for part in location:
        content = content[part]
    return content


def _scalar(text: str) -> Any:
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError:
        return text  # no number: the text itself is what validation complains of
