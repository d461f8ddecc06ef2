"""The plan of a run: what each rule reads, writes and passes to its job."""

import sys
from collections.abc import Iterable, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

from snakemake.logging import logger

from mmsent import paths
from mmsent.config.baselines import BASELINES, PROBES, TITLES
from mmsent.config.encoders import EncoderPair
from mmsent.config.main import CONFIG
from mmsent.config.validation import ConfigError, overlaid, read_yaml
from mmsent.data.layout import DatasetError
from mmsent.plan.resolve import resolve
from mmsent.plan.runs import FilesByName, Runs
from mmsent.plan.views import EVALUATION, EncodingJob
from mmsent.report.changes import flat as flat_settings
from mmsent.report.earlier import against_files, compared_files
from mmsent.sources import ROOT

#: Figures of the data set, those with a drawing (SVG) beside them first.
DATA_FIGURES = ("labels", "images", "text_lengths", "augmentation", "duplicates")

#: Figures of every table.
TABLE_FIGURES = ("scores", "gains", "classes", "reliability")

#: Sheets of doubtful labels.
LABEL_SHEETS = ("conflicts", "doubtful")

#: Which pairs of a table are tested: each experiment against the one before, or every pair.
TABLE_PAIRS = {"versions": "consecutive", "ablation": "grid"}

Arguments = dict[str, Any]


class Plan(Runs):
    """Arguments of the jobs, by rule, and the files of documents."""

    @property
    def documents(self) -> list[str]:
        """What a run without targets makes."""
        others = [paths.COMPARISON, paths.CARD, *self.if_against(paths.CHANGES)]
        return [paths.PREFLIGHT, paths.REPORT, paths.HTML, *self.table_documents, *others]

    @property
    def table_documents(self) -> list[str]:
        """The documents that evaluate runs."""
        names = [paths.LABEL_NOISE, *self.if_curve(paths.LEARNING_CURVE)]
        others = [*self.if_baselines(paths.BASELINES), *names]
        documents = [paths.document(name) for name in [*self.tables, *others]]
        return [*documents, paths.SEEDS, *self.if_vlms(paths.VLM)]

    def if_vlms(self, *files: str) -> list[str]:
        """These files if there are vision-language models, else none."""
        return list(files) if self.vlms else []

    def if_held_out(self, *files: str) -> list[str]:
        """These files if a post of the test lists has a label, else none."""
        return list(files) if self.has_held_out else []

    def if_against(self, *files: str) -> list[str]:
        """These files if the run is compared with an earlier one, else none."""
        return list(files) if self.config.against else []

    def if_curve(self, *files: str) -> list[str]:
        """These files if there is a learning curve, else none."""
        return list(files) if self.by_fraction(paths.PREDICTIONS) else []

    def if_baselines(self, *files: str) -> list[str]:
        """These files if there are baselines, else none."""
        return list(files) if self.baselines else []

    # Data and encoding.

    @property
    def fold_settings(self) -> dict[str, int]:
        """Settings of the folds."""
        return self.config.folds.model_dump() | {"seed": self.config.seed}

    @property
    def data_settings(self) -> Arguments:
        """What the description of the data set shows.

        The gallery shows the augmentation with the most operations, of those in use.
        """
        settings = self.encoder(self.token_view.encoder).values()
        named = [experiment.image.augmentation for experiment in self.experiments.values()]
        used = [self.augmentations[name] for name in named if name]
        policies = used or list(self.augmentations.values())
        gallery = max(policies, key=lambda policy: len(policy.operations))
        return {
            "max_length": next((e["max_length"] for e in settings if "max_length" in e), 77),
            "dataset": self.posts.description,
            "images": self.image_folder,
            "augmentation": gallery.model_dump(),
            "seed": self.config.seed,
        }

    @property
    def preflight(self) -> Arguments:
        """What is checked before anything trains."""
        views = {
            name: [
                {"path": view.path, "encoder": view.encoder, "modality": view.modality}
                | {key: view.settings.get(key, 0) for key in ("max_tokens", "below")}
                for view in experiment_views
            ]
            for name, experiment_views in self.views.items()
        }
        return {
            "views": views,
            "encoders": {job.encoder: self.encoder(job.encoder) for job in self.encodings},
            "images": self.image_folder,
            "vlm": self.profile.encoders.vlm.model_dump(),
            "vlm_experiments": {name: self.settings(name) for name in self.vlms},
        }

    def encoding(self, job: EncodingJob) -> Arguments:
        """The views of an encoding job."""
        return {
            "encoder": self.encoder(job.encoder),
            "modality": job.modality,
            "views": {view.name: dict(view.settings) for view in job.views},
            "stored": [paths.stored(job.encoder, job.modality, view.name) for view in job.views],
            "images": self.image_folder,
            "record": job.record,
            "keys": job.keys,
        }

    # Training.

    def settings(self, name: str, *unused: str) -> dict[str, Any]:
        """The settings of an experiment for a job, without what only documents show."""
        settings = self.resolved[name].for_jobs()
        return {key: value for key, value in settings.items() if key not in unused}

    def used_rare_class(self, name: str) -> str | None:
        """The rare class, if training or post-processing of an experiment depends on it."""
        settings = self.settings(name)
        weighed = settings["loss"]["rare_factor"] != 1
        weighed = weighed or "rare_factor" in str(settings.get("search"))
        return self.rare_class if weighed or settings.get("postprocessing") else None

    def training(self, name: str, fold: str | None, *seeds: str) -> Arguments:
        """A training on a fold, or on all: with the seed of the run, or repeated with others."""
        numbers = {paths.seed_folder(n): n for n in range(self.config.seeds.number)}
        return self._fitting(name, fold, "search") | {
            "repetitions": [numbers[seed] for seed in seeds if seed]
        }

    def searching(self, name: str, fold: str | None) -> Arguments:
        """A search on the inner validation of a fold, or of all."""
        return self._fitting(name, fold, "postprocessing")

    def _fitting(self, name: str, fold: str | None, *unused: str) -> Arguments:
        return {
            "name": name,
            "experiment": self.settings(name, *unused),
            "encoders": self.trained_encoders(name),
            "seed": self.config.seed,
            "fold": self.folds(name) if fold is None else [int(fold)],
        }

    @property
    def baseline_training(self) -> Arguments:
        """The baselines on all folds, and the arrays and the CLIP that they read."""
        states = self.frozen_states
        encoders = self.profile.encoders
        has_clip = not isinstance(encoders.clip, EncoderPair) and (
            states.get("image", [""])[0] == paths.embeddings("clip", "image", EVALUATION)
        )
        return {
            "fold": self.folds(),
            "pooling": states["text"][1] if "text" in states else "",
            "clip": self.encoder("clip") if has_clip else None,
            "predictions": self.baseline_files(paths.PREDICTIONS),
            "metrics": self.baseline_files(paths.METRICS),
        }

    def probe_training(self, fraction: str) -> Arguments:
        """The linear probe of the learning curve on a fraction of the training posts."""
        kinds = {"predictions": paths.PREDICTIONS, "metrics": paths.METRICS}
        return self.baseline_training | {
            kind: {
                probe: self.fraction_runs(paths.baseline(probe), fraction, file)
                for probe in self.curve_probe
            }
            for kind, file in kinds.items()
        }

    def frozen(self, modality: str) -> list[str]:
        """The file of frozen states that baselines read, if experiments read any."""
        return [path for kind, (path, _) in self.frozen_states.items() if kind == modality]

    def vlm_run(self, name: str, fold: str) -> Arguments:
        """A run of a vision-language model on a fold."""
        return {
            "name": name,
            "experiment": self.settings(name, "folds"),
            "vlm": self.profile.encoders.vlm.model_dump(),
            "images": self.image_folder,
            "fold": int(fold),
        }

    # Evaluation.

    @property
    def bootstrap(self) -> Arguments:
        """Settings of every job that resamples."""
        return self.config.intervals.model_dump() | {"seed": self.config.seed}

    @property
    def curves(self) -> list[str]:
        """The experiments whose training curves are plotted."""
        return [*self.versions, *self.trained_vlms]

    @property
    def version_drawings(self) -> list[str]:
        """The drawings beside the figures of the versions."""
        confusions = paths.figures("confusion", self.versions, "svg")
        return paths.figures("curves", self.curves, "svg") + confusions

    def spreads(self, table: str) -> list[str]:
        """Standard deviations over seeds of the repeated experiments of a table."""
        return [paths.seeds(name, "json") for name in self.repeated if name in self.tables[table]]

    def evaluation(self, table: str) -> Arguments:
        """The predictions of the experiments of a table, and how they are compared."""
        names = self.tables[table]
        return self.by_file(names, predictions=paths.PREDICTIONS) | {
            "modalities": {name: self.experiments[name].modality for name in names},
            "pairs": TABLE_PAIRS[table],
            "bootstrap": self.bootstrap,
        }

    def test_evaluation(self, table: str) -> Arguments:
        """The predictions of the experiments of a table, to be averaged over folds."""
        names = self.tables[table]
        return self.by_file(names, predictions=paths.PREDICTIONS, runs=paths.METRICS) | {
            "postprocessing": {name: self.settings(name)["postprocessing"] for name in names},
            "bootstrap": self.bootstrap,
        }

    @property
    def baseline_evaluation(self) -> Arguments:
        """Baselines, the average of the versions, and what is compared with them."""
        modalities = {name: self.experiments[name].modality for name in self.rows}
        return {
            "baselines": self.by_name(self.baselines, paths.PREDICTIONS),
            "average": self.by_name(self.average, paths.PREDICTIONS),
            "predictions": self.by_name(self.rows, paths.PREDICTIONS),
            "modalities": modalities | dict.fromkeys(self.average, self.average_modality),
            "probes": {kind: paths.baseline(name) for kind, name in PROBES.items()},
            "averaged": dict.fromkeys(self.average, self.versions),
            "bootstrap": self.bootstrap,
        }

    @property
    def paper_tables(self) -> dict[str, list[str]]:
        """Experiments by the table that shows their metrics under the paper protocol."""
        if paths.PAPER not in self.protocols:
            return {}
        tables = {**self.tables, "vlm": self.vlms}
        return {table: names for table, names in tables.items() if names}

    def paper_metrics(self, table: str) -> list[str]:
        """Metrics of a table under the paper protocol, if it is part of this run."""
        return [paths.metrics(table, paths.PAPER)] if table in self.paper_tables else []

    def paper_splits(self, table: str) -> list[str]:
        """The table of splits of each experiment of a table under the paper protocol."""
        return [self.fold_table(paths.PAPER, name) for name in self.paper_tables[table]]

    def paper_evaluation(self, table: str) -> Arguments:
        """The fraction of the posts that each experiment validates on under that protocol."""
        shares = {name: self.paper_share(name) for name in self.paper_tables[table]}
        return {"shares": shares, "bootstrap": self.bootstrap}

    @property
    def label_issues(self) -> Arguments:
        """The predictions by which labels are doubted, and the posts' images."""
        predictions = self.by_file(self.versions, predictions=paths.PREDICTIONS)
        return predictions | {"images": self.image_folder}

    @property
    def learning_curve(self) -> Arguments:
        """Runs on fractions of the training posts, and what they are compared with."""
        files = {"predictions": paths.PREDICTIONS, "runs": paths.METRICS}
        return {kind: self.by_fraction(file) for kind, file in files.items()} | {
            "versions": self.by_name(self.versions, paths.PREDICTIONS),
            "bootstrap": self.bootstrap,
        }

    # Documents.

    def described(self, names: Iterable[str]) -> dict[str, dict[str, Any]]:
        """All settings of experiments, by name."""
        return {name: self.resolved[name].settings.model_dump() for name in names}

    def table(self, table: str) -> Arguments:
        """The document of a table."""
        names = self.tables[table]
        settings = {"table": table, "experiments": self.described(names)}
        settings["baselines"] = self.lines(table)
        return settings | self.by_file(names, runs=paths.METRICS)

    def lines(self, table: str) -> FilesByName:
        """Predictions of the baselines that are lines in the figure of a table, by their title.

        These are the majority class and the linear probe of each modality of the table.
        """
        modalities = {self.experiments[name].modality for name in self.tables[table]}
        shown = ["majority", *(probe for kind, probe in PROBES.items() if kind in modalities)]
        files = self.baseline_files(paths.PREDICTIONS)
        return {TITLES[name]: files[name] for name in TITLES if name in shown and name in files}

    @property
    def baseline_table(self) -> Arguments:
        """The document of the baselines."""
        about = {
            paths.baseline(name): {"title": TITLES[name], "modality": BASELINES[name]}
            for name in self.config.baselines
        }
        average = {"title": "Average of the versions", "modality": self.average_modality}
        return {
            "experiments": about | dict.fromkeys(self.average, average),
            "runs": self.by_name(self.baselines, paths.METRICS),
        }

    def seed_figure(self, suffix: str) -> list[str]:
        """The figure of repeated runs, if there are any."""
        return [paths.figure("seeds", suffix)] if self.repeated else []

    @property
    def vlm_costs(self) -> FilesByName:
        """What each run of a vision-language model took of the device."""
        return {name: [paths.cost(name, f) for f in self.folds(name)] for name in self.vlms}

    @property
    def vlm_table(self) -> Arguments:
        """The document of the vision-language models."""
        names = [*self.vlms, *self.versions]
        return self.by_file(names, predictions=paths.PREDICTIONS, runs=paths.METRICS) | {
            "experiments": self.described(self.vlms),
            "costs": self.vlm_costs,
            "bootstrap": self.bootstrap,
        }

    @cached_property
    def comparison(self) -> Arguments:
        """The files of this run and of the earlier one that it is compared with, if any."""
        folds = {name: self.folds(name) for name in [*self.rows, *self.vlms]}
        return {
            "now": compared_files(folds, self.tables),
            "then": against_files(self.config.against),
            "bootstrap": self.bootstrap,
        }

    @cached_property  # two parameters of its rule read it, and it resolves every experiment anew
    def report(self) -> Arguments:
        """The report: settings of its experiments, and its files by name."""
        return {
            "experiments": self.described(self.rows),
            "overrides": self._overridden([*self.rows, *self.vlms]),
            "inputs": {
                "metrics": {table: paths.metrics(table) for table in self.tables},
                "scores": {table: paths.scores(table) for table in self.tables},
                "tests": {table: paths.paired_tests(table) for table in self.tables},
                "held_out": {t: paths.held_out(t) for t in self.if_held_out(*self.tables)},
                "selection": {table: paths.selection(table) for table in self.tables},
                "baseline_scores": self.if_baselines(paths.scores(paths.BASELINES)),
                "baseline_tests": self.if_baselines(paths.paired_tests(paths.BASELINES)),
                "spreads": {name: paths.seeds(name, "json") for name in self.repeated},
                "submissions": {name: paths.submission(name, "json") for name in self.versions},
                "searches": {n: files for n in self.rows if (files := self.searches(n))},
                "vlm": self.if_vlms(paths.VLM_SCORES),
                "changes": self.if_against(paths.CHANGES_NUMBERS),
                "costs": paths.COSTS,
                "deviations": self.files["deviations"],
                "reported": self.files["paper_results"],
                "card": paths.CARD_NUMBERS,
                "images": paths.data_figure("images", "json"),
                "text_lengths": paths.data_figure("text_lengths", "json"),
                "curves": paths.figure("curves", "json"),
                "bad_cases": paths.BAD_CASES,
                "efficiency": paths.figure("efficiency", "json"),
                "label_noise": paths.analysis(paths.LABEL_NOISE, "json"),
                "learning_curve": self.if_curve(paths.analysis(paths.LEARNING_CURVE, "json")),
                "fixes": paths.FIXES,
                "provenance": paths.PROVENANCE,
            },
        }

    @property
    def report_figures(self) -> list[str]:
        """The figures of the report, and the folder of images in it."""
        names = [f"{kind}/{version}" for kind in ("curves", "confusion", "bad_cases")
                 for version in self.versions]  # fmt: skip
        names += [f"curves/{name}" for name in self.trained_vlms]
        names += [f"{table}/{figure}" for table in self.tables for figure in TABLE_FIGURES]
        names += ["efficiency", *self.if_curve(paths.LEARNING_CURVE)]
        names += [f"{paths.LABEL_NOISE}/{kind}" for kind in LABEL_SHEETS]
        figures = [paths.figure(name) for name in names] + self.seed_figure("png")
        return [*figures, *map(paths.data_figure, DATA_FIGURES), paths.BAD_CASE_IMAGES]

    def _overridden(self, names: Iterable[str]) -> list[dict[str, Any]]:
        """What the profile sets otherwise than the files of experiments, setting by setting."""
        rows = []
        for name in names:
            files = flat_settings(resolve(name, {}).for_jobs())
            run = flat_settings(self.resolved[name].for_jobs())
            rows += [
                {"experiment": name, "setting": key, "file": files.get(key), "run": run.get(key)}
                for key in {**files, **run}
                if files.get(key) != run.get(key)
            ]
        return rows


def load_plan(
    merged: Mapping[str, Any],
    files: list[str | Path],
    elsewhere: bool,
    first: bool = False,
    results: str = paths.RESULTS,
) -> Plan:
    """Return the plan of a run; wrong settings end the program with their list and status 1.

    Parameters
    ----------
    merged, files
        Settings and the files that Snakemake has read them from. Keys that they lack are those of
        the configuration beside the Snakefile.
    elsewhere
        Jobs run on machines other than this; then the device has to be named.
    first
        This is the process that a user started, not one of its jobs: log what the posts are.
    results
        Where Snakemake looks for the folder of results.
    """
    here = Path.cwd()
    relative = [Path(path) for path in files]
    relative = [p.relative_to(here) if p.is_relative_to(here) else p for p in relative]
    defaults = ROOT / CONFIG
    try:
        if results != paths.RESULTS:
            raise ConfigError(
                "prefix: files are always below results/ of the working folder; leave the prefix "
                "out of the module, and give this workflow a folder of its own (--directory)"
            )
        if defaults not in relative:
            relative.insert(0, defaults)
            merged = overlaid(read_yaml(defaults), dict(merged))
        plan = Plan(dict(merged), relative)
        plan.comparison  # noqa: B018 - refuses a wrong `against`
        if elsewhere and plan.config.device == "auto":
            raise ConfigError(
                "device: 'auto' looks at the machine on which Snakemake runs, but the jobs of this"
                " executor run on others: say --config device=cuda or --config device=cpu"
            )
    except (ConfigError, DatasetError) as error:
        sys.exit(str(error))
    if first:
        logger.info(f"Posts: {plan.posts.description}")
    return plan
