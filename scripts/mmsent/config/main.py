"""The settings of a run: config/config.yaml and what overrides it."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import AfterValidator, Field, ValidationInfo, field_validator

from mmsent.config.baselines import BASELINES, Baseline
from mmsent.config.validation import (
    ConfigError,
    Settings,
    Text,
    has_key,
    located,
    nearest,
    read_yaml,
    validated,
)
from mmsent.labels import MOST_LABELS, NO_LABEL, STUDY_LABELS, STUDY_RARE_CLASS, folded
from mmsent.sources import ROOT

#: The file that Snakemake reads by itself; that beside the Snakefile contains the defaults.
CONFIG = Path("config/config.yaml")

#: Keys whose value is the path of a file of settings.
FILES = ("augmentations", "text_augmentations", "paper_results", "deviations")

#: Names become parts of paths; letters may be of any script.
_EXPERIMENT_NAME = re.compile(r"\w[\w.-]*(?:/\w[\w.-]*)*")

#: Name of the file that a key stems from, by its location.
Source = Callable[[tuple[int | str, ...]], str]

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

#: What tables, figures or formulas in them take for something else than a part of a name.
_NO_PART_OF_LABEL = re.compile(r"[|,;\"`*<>\[\]{}$\\=@]")

_LONGEST_LABEL = 30


def label_name(name: str) -> str:
    """Return the name of a class without surrounding space.

    Raises
    ------
    ValueError
        If a table or a figure could not show it, or a label file has another use for it.
    """
    name = name.strip()
    if not name or len(name) > _LONGEST_LABEL or not name.isprintable():
        raise ValueError(
            f"{name[:40]!r} cannot be a label: use 1 to {_LONGEST_LABEL} characters, in one line"
        )
    if character := _NO_PART_OF_LABEL.search(name):
        raise ValueError(
            f"{name!r} cannot be a label because of its {character[0]}: name it otherwise, and map "
            "this spelling to that name under spellings"
        )
    if folded(name) in (*NO_LABEL, "no label", "held out"):
        raise ValueError(
            f"{name!r} means that a post has no label: name the class otherwise, and map this "
            "spelling to that name under spellings"
        )
    return name


Label = Annotated[Text, AfterValidator(label_name)]


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


class ColumnSettings(Settings):
    """Names of the columns of a table of posts."""

    id: str = Field("id", description="as text; it becomes part of file names")
    text: str = "text"
    image: str = Field("image", description="path of an image, relative to the table's folder")
    label: str = Field("label", description="empty or null: the post has no label")


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

    dataset: str = Field("demo", description="'demo', or a folder or table as the README describes")
    columns: ColumnSettings = ColumnSettings()
    labels: list[Label] = Field(
        list(STUDY_LABELS), min_length=2, max_length=MOST_LABELS, description="names of the classes"
    )
    spellings: dict[Text, Text] = Field(
        default_factory=dict, description="other spellings in label files, and the label of each"
    )
    rare_class: Text | None = Field(
        STUDY_RARE_CLASS, description="the class that the study's remedies are for, or none"
    )
    seed: int = 42
    test: str | None = Field(
        None, description="a list of labelled posts to score, never to train on"
    )
    profile: str = Field("offline", description="a file in config/profiles, or a path")
    augmentations: str = "config/augmentations.yaml"
    text_augmentations: str = "config/text_augmentations.yaml"
    paper_results: str = "config/paper_results.csv"
    deviations: str = "config/deviations.csv"
    device: Literal["auto", "cpu", "cuda"] = "auto"
    on_bad_post: Literal["error", "drop", "blank", "use"] = "error"
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
    against: str | None = Field(None, description="an earlier run: its archive or results folder")

    @field_validator("dataset", "test", "against", mode="before")
    @classmethod
    def _text(cls, value: Any) -> Any:
        # YAML reads a folder's name of digits as a number: 2023_11 as 202311.
        if isinstance(value, int | float):
            raise ValueError("YAML reads this name as a number; put ./ before it")
        return value

    @field_validator("dataset", "test", "against")
    @classmethod
    def _usable_path(cls, value: str | None) -> str | None:
        if value is None:
            return None
        if "{" in value or "}" in value:
            raise ValueError(
                "Snakemake takes braces in a path for wildcards; rename it, or name a link "
                "to it (ln -s)"
            )
        return str(Path(value).expanduser())

    @field_validator("labels")
    @classmethod
    def _distinct(cls, labels: list[str]) -> list[str]:
        names = [folded(label) for label in labels]
        for label, name in zip(labels, names, strict=True):
            if names.count(name) > 1:
                raise ValueError(f"{label!r} is named twice; case does not matter")
            # Columns of tables are f1_LABEL, and f1_LABEL_low and f1_LABEL_high for its interval.
            for end in ("_low", "_high"):
                if name.endswith(end) and name.removesuffix(end) in names:
                    raise ValueError(f"{label!r} would be taken for an interval of another label")
        return labels

    @field_validator("spellings")
    @classmethod
    def _unambiguous(cls, spellings: dict[str, str], info: ValidationInfo) -> dict[str, str]:
        labels = info.data.get("labels", [])
        spelled: dict[str, str] = {}
        for spelling, label in spellings.items() if labels else ():
            _check_label(label, labels)
            if folded(spelling) in map(folded, labels):
                raise ValueError(f"{spelling!r} is a label itself; case does not matter")
            if spelled.setdefault(folded(spelling), label) != label:
                raise ValueError(f"{spelling!r} is spelt twice; case does not matter")
        return spellings

    @field_validator("rare_class")
    @classmethod
    def _listed(cls, label: str | None, info: ValidationInfo) -> str | None:
        if label is None or folded(label) in NO_LABEL:
            return None
        if label != STUDY_RARE_CLASS and "labels" in info.data:
            _check_label(label, info.data["labels"])
        return label

    @property
    def classes(self) -> dict[str, Any]:
        """Arguments of :meth:`mmsent.labels.Labels.set`."""
        return self.model_dump(include={"labels", "spellings", "rare_class"})


def _check_label(label: str, labels: list[str]) -> None:
    if folded(label) not in map(folded, labels):
        raise ValueError(
            f"no such label: {label!r}{nearest(label, labels)}; labels are {', '.join(labels)}"
        )


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
        nested = nested and location[0] != "spellings"
        return _scalar(value) if nested else value

    merged = typed(merged)
    config = validated(Config, merged, source)
    _check_files(config, source)
    _check_posts(config, source)
    return config


def _check_files(config: Config, source: Source) -> None:
    for key in FILES:
        path = located(getattr(config, key))
        if not path.is_file():
            folders = (path.parent, ROOT / path.parent)
            near = nearest(path.name, [p.name for folder in folders for p in folder.glob("*")])
            raise ConfigError(f"{source((key,))}: {key}: no such file: {path}{near}")


def _check_posts(config: Config, source: Source) -> None:
    if config.dataset == "demo":
        if {*map(folded, config.labels)} != {*STUDY_LABELS}:
            raise ConfigError(
                f"{source(('labels',))}: labels: the generated posts (dataset: demo) are "
                f"{', '.join(STUDY_LABELS)}: name your own data set as well, got {config.labels}"
            )
        if config.test is not None:
            raise ConfigError(
                f"{source(('test',))}: test: the generated posts have no held-out test, got "
                f"{config.test!r} (name your own data set under dataset)"
            )
    elif not Path(config.dataset).exists():
        raise ConfigError(
            f"{source(('dataset',))}: dataset: no such folder or file: {config.dataset} "
            "(name a folder with train.txt and data/, a table of posts, or 'demo')"
        )
    if config.test is not None and not Path(config.test).is_file():
        path = Path(config.test)
        near = nearest(path.name, [other.name for other in path.parent.glob("*")])
        raise ConfigError(f"{source(('test',))}: test: no such file: {path}{near}")


def _at(content: Any, location: tuple[int | str, ...]) -> Any:
    for part in location:
        content = content[part]
    return content


def _scalar(text: str) -> Any:
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError:
        return text  # no number: the text itself is what validation complains of
