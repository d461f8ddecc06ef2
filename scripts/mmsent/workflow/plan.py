"""What the Snakefile asks: checked settings, the files of a data set, the sources of a script."""

import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from mmsent.config.adjustments import load_adjustments
from mmsent.config.augmentation import Augmentation, TextAugmentation, load_augmentations
from mmsent.config.encoders import ENCODES, Models, load_models
from mmsent.config.experiment import EXPERIMENTS, Experiment, experiment_files, load_experiment
from mmsent.config.main import FILES, Config, load_config
from mmsent.config.network import PIXELS
from mmsent.config.validation import ConfigError, nearest
from mmsent.data.layout import (
    DATA_FOLDER,
    DatasetError,
    Modality,
    dataset_files,
    guid_order,
    label_lists,
)
from mmsent.demo.plan import file_names
from mmsent.files import canonical_json
from mmsent.workflow.benchmarks import benchmark_files
from mmsent.workflow.machine import gpus_here, require_named_device
from mmsent.workflow.views import (
    image_embeddings,
    text_embeddings,
    text_view_settings,
    view_settings,
)
from mmsent.workflow.vlm import VlmPlan

#: Folder of the generated data set.
DEMO_FOLDER = "results/demo"

#: Of so many posts, a fold takes less time to search or to repeat than Python takes to start.
FEW_POSTS = 1000

#: Figures of every table.
TABLE_FIGURES = ("scores", "gains", "classes", "reliability")

#: Which pairs of a table are tested: each row against the one before, or every pair.
TABLE_PAIRS = {"versions": "consecutive", "ablation": "grid"}


class Plan:
    """Everything that decides which jobs a run has, read and checked once."""

    def __init__(self, merged: dict[str, Any], files: list[Path]) -> None:
        """Check all settings and find the posts' files.

        Raises
        ------
        ConfigError
            One line for each wrong setting.
        DatasetError
            If the data set has no files of posts.
        """
        self.config: Config = load_config(merged, files)
        self.models: Models = load_models(self.config.models)
        self.augmentations = load_augmentations(self.config.augmentations, Augmentation)
        self.text_augmentations = load_augmentations(
            self.config.text_augmentations, TextAugmentation
        )
        self.versions = list(self.config.versions)
        self.ablation = [f"ablation/{name}" for name in self.config.ablation]
        tables = {"versions": self.versions, "ablation": self.ablation}
        #: Names of the rows of each table that has any.
        self.tables = {table: rows for table, rows in tables.items() if rows}
        #: What the report has a row for; the repeated experiments may be others.
        self.rows = list(dict.fromkeys([*self.versions, *self.ablation]))
        names = list(dict.fromkeys([*self.rows, *self.config.seeds.experiments]))
        every = [*names, *self.config.vlm]
        self.adjustments = load_adjustments(self.config.adjustments, every)
        self.experiments: dict[str, Experiment] = {name: self._experiment(name) for name in names}
        self._experiment_files = {
            name: [str(path) for path in experiment_files(self.experiment_file(name))]
            for name in every
        }
        self.vlm = VlmPlan(self.config, self.models.vlm, self.adjustments)
        self.is_demo = self.config.dataset == "demo"
        self.dataset = DEMO_FOLDER if self.is_demo else self.config.dataset.rstrip("/")
        self.demo_files = self._demo_files() if self.is_demo else []
        self.label_lists()  # a data set without one is refused here, before any job
        self.texts = self._files("text")
        self.images = self._files("image")

    def _experiment(self, name: str) -> Experiment:
        path = self.experiment_file(name)
        experiment = load_experiment(path, self.adjustments.get(name), self.config.adjustments)
        for modality, policies, file in (
            ("text", self.text_augmentations, self.config.text_augmentations),
            ("image", self.augmentations, self.config.augmentations),
        ):
            encoder = getattr(experiment, modality).encoder
            able = [known for known, can in ENCODES.items() if modality in can]
            if encoder not in able:
                raise ConfigError(
                    f"{path}: {modality}.encoder: no such {modality} encoder, got {encoder!r}"
                    f"{nearest(encoder, able)}; {self.config.models} has {', '.join(able)}"
                )
            policy = getattr(experiment, modality).augmentation
            if policy is not None and policy not in policies:
                raise ConfigError(
                    f"{path}: {modality}.augmentation: no such augmentation, got {policy!r}"
                    f"{nearest(policy, list(policies))}; see {file}"
                )
        return experiment

    @staticmethod
    def experiment_file(name: str) -> str:
        """Path of an experiment's own file."""
        return str(EXPERIMENTS / f"{name}.yaml")

    def experiment_files(self, name: str) -> list[str]:
        """Paths of an experiment's file and the files that it is built on."""
        return self._experiment_files[name]

    def all_experiment_files(self, names: Iterable[str]) -> list[str]:
        """Paths of the files of several experiments, each once."""
        return list(dict.fromkeys(path for n in names for path in self.experiment_files(n)))

    def setting_files(self) -> list[str]:
        """Paths of the files of settings beside the configuration itself."""
        named = [str(getattr(self.config, key)) for key in FILES]
        return [*named, *self.all_experiment_files(self._experiment_files)]

    def public_settings(self) -> str:
        """The settings as JSON; of a folder of posts the name and a slash, not where it lies."""
        settings = self.config.model_dump()
        if not self.is_demo:
            settings["dataset"] = f"{Path(self.config.dataset).name}/"
        return canonical_json(settings)

    def _files(self, modality: Modality) -> list[str]:
        if not self.is_demo:
            return dataset_files(Path(self.dataset), modality)
        folder, suffix = f"{DEMO_FOLDER}/{DATA_FOLDER}/", ".txt" if modality == "text" else ".jpg"
        names = [n for n in self.demo_files if n.startswith(folder) and n.endswith(suffix)]
        return sorted(names, key=lambda name: guid_order(Path(name).stem))

    def _demo_files(self) -> list[str]:
        demo = self.config.demo
        made = file_names(demo.labelled, demo.unlabelled, demo.seed)
        return [f"{DEMO_FOLDER}/{name}" for name in made]

    def modalities(self, table: str) -> str:
        """The modality of each row of a table, as JSON."""
        return canonical_json({n: self.experiments[n].modality for n in self.tables[table]})

    def bootstrap(self) -> str:
        """The options of a script that resamples."""
        given, seed = self.config.intervals, self.config.seed
        return f"--resamples {given.resamples} --level {given.level} --seed {seed}"

    def own_files(self, names: Iterable[str]) -> list[str]:
        """Paths of the experiments' own files."""
        return [self.experiment_file(name) for name in names]

    def metrics(self, names: Iterable[str]) -> list[str]:
        """Paths of the experiments' metrics."""
        return [f"results/metrics/{name}.json" for name in names]

    def spreads(self, table: str) -> list[str]:
        """How far identical runs of the repeated rows of a table lie apart."""
        repeated = self.config.seeds.experiments
        return [f"results/seeds/{name}.json" for name in repeated if name in self.tables[table]]

    def outer_folds(self, protocol: str = "") -> range:
        """The folds of a protocol: ``""`` (grouped) or ``paper/``, which has one alone."""
        return range(1 if protocol else self.config.folds.outer)

    def fold_table(self, protocol: str, name: str) -> str:
        """The file that says which posts an experiment trains on under a protocol."""
        share = (self.experiments | self.vlm.settings)[name].paper_validation
        return f"results/paper/split/{share:g}.tsv" if protocol else "results/data/folds.tsv"

    def runs(self, names: Iterable[str], file: str, protocol: str = "") -> list[str]:
        """A file of each run of some experiments."""
        folds = self.outer_folds(protocol)
        return [f"results/{protocol}runs/{name}/{n}/{file}" for name in names for n in folds]

    def paper_metrics(self, names: Iterable[str]) -> list[str]:
        """The metrics of experiments under the paper protocol, if that is asked for."""
        asked = self.config.protocol == "both"
        return [f"results/paper/metrics/{name}.json" for name in names] if asked else []

    @property
    def image_folder(self) -> str:
        """Folder of the posts' pictures."""
        return f"{self.dataset}/{DATA_FOLDER}"

    def label_lists(self) -> list[str]:
        """Paths of the label files; the one of posts without a label may be missing."""
        return label_lists(Path(self.dataset), made_later=self.is_demo)

    def encoder_settings(self, name: str) -> str:
        """The settings of an encoder as JSON: the parameter of a rule that encodes."""
        return canonical_json(self.models.specification(name))

    def embeddings(self) -> list[str]:
        """Every embedding file that some experiment reads."""
        names = self.experiments
        files = [p for n in names for p in (*self.text_embeddings(n), *self.image_embeddings(n))]
        return list(dict.fromkeys(files))

    def encoders(self) -> str:
        """The settings of every encoder of the models file, used or not, as JSON."""
        return canonical_json({name: self.models.specification(name) for name in ENCODES})

    def benchmarks(self) -> list[str]:
        """The benchmark files of the jobs that cost something."""
        return benchmark_files(self)

    def view_settings(self, view: str) -> dict[str, str | int]:
        """What makes a view of a picture."""
        return view_settings(view, self.augmentations, self.config.seed)

    def text_view_settings(self, view: str) -> dict[str, str | int]:
        """What makes a view of a text."""
        return text_view_settings(view, self.text_augmentations, self.config.seed)

    def adjustment(self, name: str) -> str:
        """What the adjustments file changes of an experiment, as JSON."""
        return canonical_json(self.adjustments.get(name, {}))

    def trained_encoders(self, name: str) -> str:
        """The settings of the encoders of which an experiment trains a part, as JSON."""
        experiment = self.experiments[name]
        names = [experiment.text.encoder] if experiment.text.trained_layers else []
        names += [experiment.image.encoder] if experiment.image.network else []
        return canonical_json({name: self.models.specification(name) for name in names})

    def gpus_to_encode(self, name: str) -> int:
        """GPUs that a job with an encoder asks for: pixels are only decoded."""
        return 0 if name == PIXELS else self.gpus()

    def gpus_to_train(self, name: str) -> int:
        """GPUs that a run asks for: a small network over stored vectors is as fast without."""
        return self.gpus() if self.trained_encoders(name) != "{}" else 0

    def priority(self, name: str) -> int:
        """What takes longest begins first: at the end, one core would wait for it."""
        return 20 if self.experiments[name].text.trained_layers else 10

    def search(self, name: str, folds: Iterable[int | str], protocol: str = "") -> list[str]:
        """The files that say which settings a search chose on some folds, if there is one."""
        searched = self.experiments[name].search is not None
        return [f"results/{protocol}search/{name}/{n}.json" for n in folds if searched]

    @property
    def light(self) -> list[str]:
        """Experiments of which all folds take seconds: no layer of an encoder, and few posts."""
        few = len(self.texts) <= FEW_POSTS
        return [n for n, own in self.experiments.items() if few and not own.text.trained_layers]

    @property
    def trained_together(self) -> list[str]:
        """Experiments of which one job trains all folds: over stored vectors, and light ones."""
        light = self.light
        return [n for n in self.experiments if n in light or self.trained_encoders(n) == "{}"]

    def searches(self, protocol: str = "") -> list[str]:
        """The files of the searches of all rows."""
        own = self.outer_folds(protocol)
        return [path for name in self.rows for path in self.search(name, own, protocol)]

    def gpus(self) -> int:
        """GPUs that a job which can use one asks for: 1 if the settings or the machine have it."""
        return gpus_here(self.config.device)

    def text_embeddings(self, name: str) -> list[str]:
        """The text embeddings that an experiment reads: the text as it is first."""
        return text_embeddings(self.experiments[name])

    def image_embeddings(self, name: str) -> list[str]:
        """The image embeddings that an experiment reads: evaluation view first."""
        return image_embeddings(self.experiments[name])


def load_plan(merged: Mapping[str, Any], files: list[str | Path], elsewhere: bool) -> Plan:
    """The plan of a run; wrong settings end the program with their list and status 1.

    Of jobs that run ``elsewhere``, on machines other than this, the device has to be named.
    """
    relative = [Path(path) for path in files]
    here = Path.cwd()
    relative = [p.relative_to(here) if p.is_relative_to(here) else p for p in relative]
    try:
        plan = Plan(dict(merged), relative)
        if elsewhere:
            require_named_device(plan.config.device)
    except (ConfigError, DatasetError) as error:
        sys.exit(str(error))
    return plan
