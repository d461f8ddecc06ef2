"""A finished run as it lies on the disk, and what keeps count of how it compares.

See :mod:`rederive`.
"""

import contextlib
import json
import math
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd
import yaml

from mmsent.config.main import Config
from mmsent.config.profile import load_profile, profile_path
from mmsent.plan.resolve import resolve
from rederive_scores import class_columns, drawn_scores, resampled

NAN = float("nan")

#: Relative and absolute difference within which two numbers agree.
EXACT = 1e-9
#: The same of those that are written with six decimals, and of what is divided by them.
SIX, PER_CENT = 1.001e-6, 3e-4
#: Within which those of these names agree.
TOLERANCES = {
    f"{name}{end}": PER_CENT if end == "_percent" else SIX
    for name in ("over_text", "over_image", "difference")
    for end in ("", "_low", "_high", "_percent")
}


class FinishedRun:
    """Predictions and settings of a finished run, and the numbers derived from them so far."""

    def __init__(self, results: Path, config: Path):
        self.results, self.config = results, config.resolve()
        self.settings = Config(**yaml.safe_load((config / "config.yaml").read_text()))
        self.resamples = self.settings.intervals.resamples
        self.level = self.settings.intervals.level
        self.has_paper = self.settings.protocol == "both"
        ablation = [f"ablation/{name}" for name in self.settings.ablation]
        tables = {"versions": self.settings.versions, "ablation": ablation}
        self.tables = {table: names for table, names in tables.items() if names}
        self.names = [*self.settings.versions, *ablation]
        self.repeated = self.settings.seeds.experiments
        self.folds = self.table(results / "data/folds.tsv")
        self.groups = self.folds["group"].nunique()
        self.measured, self.paper, self.tests = {}, {}, {}
        self._pooled = {}

    @staticmethod
    def table(path):
        if path.suffix == ".parquet":
            return pd.read_parquet(path)
        return pd.read_csv(path, sep="\t", dtype={"guid": str, "group": str})

    @cached_property
    def posts(self):
        return pd.read_parquet(self.results / "data/posts.parquet")

    @cached_property
    def printed(self):
        return pd.read_csv(self.config.parent / self.settings.paper_results, keep_default_na=False)

    def printed_figures(self, row, metric):
        """The figures that the study prints of a row, in the order of its sections."""
        own = self.printed[(self.printed["row"] == row) & (self.printed["metric"] == metric)]
        return [float(value) for value in own.sort_values("section")["value"]]

    @cached_property
    def experiments(self):
        names = dict.fromkeys([*self.names, *self.repeated, *self.settings.vlm])
        with contextlib.chdir(self.config.parent):
            overrides = load_profile(profile_path(self.settings.profile)).overrides
            return {name: resolve(name, overrides).settings for name in names}

    def single(self, table):
        """The first row of each modality alone."""
        first = {}
        for name in self.tables[table]:
            modality = self.experiments[name].modality
            if modality != "both":
                first.setdefault(modality, name)
        return first

    def run_files(self, name, protocol="", seed=""):
        folds = range(1 if protocol else self.settings.folds.outer)
        folder = self.results / f"{protocol}runs/{name}/{seed}"
        return [folder / f"{fold}/predictions.parquet" for fold in folds]

    @property
    def seeds(self):
        return [f"seed{number}/" for number in range(self.settings.seeds.number)]

    def predictions(self, name, protocol="", seed=""):
        return [self.table(path) for path in self.run_files(name, protocol, seed)]

    def share(self, name):
        """Fraction of the posts that the study's own split of an experiment validates on."""
        return f"{self.experiments[name].paper_validation:g}"

    def split(self, name):
        """The study's own split of an experiment's posts."""
        return self.table(self.results / f"paper/split/{self.share(name)}.tsv")

    def pooled(self, name, subset="test"):
        """The posts of a subset over all folds, by guid, with their groups."""
        if (name, subset) not in self._pooled:
            self._pooled[name, subset] = self.with_groups(self.predictions(name), subset)
        return self._pooled[name, subset]

    def with_groups(self, runs, subset="test"):
        table = pd.concat(runs, ignore_index=True)
        table = table[table["subset"] == subset].sort_values("guid", ignore_index=True)
        table["group"] = table["guid"].map(self.folds.set_index("guid")["group"])
        return table

    def sums(self, columns, group, resamples=None):
        """Sums of the posts' columns over resamples of groups, by the run's seed."""
        return resampled(columns, group, resamples or self.resamples, self.settings.seed)

    def drawn(self, table):
        """Every metric of classes over the run's resamples of the groups of a table's posts."""
        return drawn_scores(self.sums(class_columns(table), table["group"]))


class Comparison:
    """Counts the numbers that were compared, and keeps a line for each disagreement."""

    def __init__(self, folder):
        self.folder = folder
        self.compared = 0
        self.wrong = []

    def say(self, place, what):
        line = f"{place}: {what}"
        if line not in self.wrong:
            self.wrong.append(line)

    def number(self, place, written, derived, tolerance=EXACT):
        self.compared += isinstance(derived, int | float | np.number)
        if not agree(written, derived, tolerance):
            self.say(place, f"written {written!r}, derived {derived!r}")

    def tree(self, place, written, derived, tolerance=EXACT):
        """Compare what a JSON file holds with what it should, part by part."""
        if isinstance(derived, dict) and isinstance(written, dict):
            for key in sorted({*derived, *written}):
                if key not in written or key not in derived:
                    self.say(place, f"{key} is {'missing' if key in derived else 'not expected'}")
                    continue
                within = TOLERANCES.get(key, tolerance)
                self.tree(f"{place}, {key}", written[key], derived[key], within)
        elif isinstance(derived, list | tuple) and isinstance(written, list):
            if len(derived) != len(written):
                self.say(place, f"{len(written)} entries written, {len(derived)} derived")
            for number, (one, other) in enumerate(zip(written, derived, strict=False)):
                self.tree(f"{place}, {number}", one, other, tolerance)
        else:
            self.number(place, written, derived, tolerance)

    def json(self, file):
        """What a JSON file of the run contains; a missing one is a disagreement."""
        path = self.folder / file
        if path.is_file():
            return json.loads(path.read_text(encoding="utf-8"))
        self.say(file, "is missing")
        return {}

    def csv(self, file, derived, keys, tolerance=EXACT, others=()):
        """Compare a table with its rows, named by the cells of ``keys``.

        Columns ``others`` do not follow from predictions.
        """
        if not (self.folder / file).is_file():
            self.say(file, "is missing")
            return
        written = pd.read_csv(self.folder / file, dtype=str, keep_default_na=False)
        columns = dict.fromkeys(key for row in derived for key in row)
        odd = sorted(set(columns) ^ set(written.columns).difference(others))
        if derived and odd:
            self.say(file, f"columns that only one side has: {', '.join(odd)}")

        def named(rows):
            return {", ".join(str(row[key]) for key in keys): {c: row.get(c) for c in columns}
                    for row in rows}  # fmt: skip

        self.tree(file, named(written.to_dict("records")), named(derived), tolerance)


def agree(written, derived, tolerance):
    """Whether two values are the same; no value, as an empty cell or ``null``, is one too."""
    if derived is None or (isinstance(derived, float) and math.isnan(derived)):
        return written in ("", None)
    if isinstance(derived, bool | str):
        return str(written) == str(derived)
    try:
        return math.isclose(float(written), derived, rel_tol=tolerance, abs_tol=tolerance)
    except (TypeError, ValueError):
        return False
