"""The runs of a definition: their files, what they read, and what they request."""

import os
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from mmsent import paths
from mmsent.config.baselines import PROBES, Baseline
from mmsent.config.network import PIXELS
from mmsent.plan.definition import RunDefinition
from mmsent.plan.views import EncodingJob

#: Fewer rows than these are encoded in a minute.
_FEW_ROWS = 10_000

#: All training posts, as a fraction of them.
WHOLE = "1"

#: Files of runs by experiment, a list over folds.
FilesByName = dict[str, list[str]]


class Runs(RunDefinition):
    """Experiments on folds, under protocols, with seeds."""

    @property
    def protocols(self) -> list[str]:
        """The protocols of this run, as parts of paths."""
        return ["", paths.PAPER] if self.config.protocol == "both" else [""]

    def folds(self, name: str = "", protocol: str = "") -> list[int]:
        """The folds that an experiment runs; the paper protocol has one split alone."""
        if protocol:
            return [0]
        named = self.vlm_settings[name].folds if name in self.vlms else None
        return sorted(named) if named else list(range(self.config.folds.outer))

    def by_name(self, names: Iterable[str], file: str, protocol: str = "") -> FilesByName:
        """A file of each run of some experiments."""
        return {
            name: [paths.run(name, fold, file, protocol) for fold in self.folds(name, protocol)]
            for name in names
        }

    def by_file(self, names: Iterable[str], **files: str) -> dict[str, FilesByName]:
        """Several files of each run: by the argument of a job that they are."""
        return {argument: self.by_name(names, file) for argument, file in files.items()}

    def runs(self, names: Iterable[str], file: str, protocol: str = "") -> list[str]:
        """A file of each run of some experiments, without the names."""
        return [path for files in self.by_name(names, file, protocol).values() for path in files]

    @property
    def repeated(self) -> dict[str, dict[str, list[str]]]:
        """Predictions of repeated runs, by experiment, number of the repetition and fold."""
        return {name: self.repetitions(name) for name in self.config.seeds.experiments}

    def repetitions(self, name: str) -> dict[str, list[str]]:
        """Predictions of the repeated runs of an experiment, by number and fold."""
        return {
            str(number): [
                paths.run(name, fold, paths.PREDICTIONS, seed=seed) for fold in self.folds()
            ]
            for number, seed in enumerate(self.seed_folders)
        }

    @property
    def seed_folders(self) -> list[str]:
        """Repeated runs as parts of paths."""
        return [paths.seed_folder(number) for number in range(self.config.seeds.number)]

    def by_fraction(self, file: str) -> dict[str, FilesByName]:
        """A file of each run on fractions of the training posts, and of those on all, by name."""
        return {
            name: {
                fraction: self.fraction_runs(name, fraction, file)
                for fraction in [*self.fractions, WHOLE]
            }
            for name in [*map(paths.baseline, self.curve_probe), *self.reduced]
        }

    @property
    def curve_probe(self) -> list[Baseline]:
        """The linear probe of the learning curve: of all modalities with frozen states, if any."""
        kind = "both" if len(self.frozen_states) > 1 else next(iter(self.frozen_states), "")
        probe = PROBES.get(kind)
        return [probe] if probe and self.fractions and probe in self.config.baselines else []

    def fraction_runs(self, name: str, fraction: str, file: str) -> list[str]:
        """A file of each fold's run on a fraction of the training posts, or on all of them."""
        seed = "" if fraction == WHOLE else paths.fraction_folder(fraction)
        return [paths.run(name, fold, file, seed=seed) for fold in self.folds()]

    @property
    def baselines(self) -> list[str]:
        """The baselines as experiments."""
        return [paths.baseline(name) for name in self.config.baselines]

    @property
    def average(self) -> list[str]:
        """The average of the versions as an experiment, if there are baselines and versions."""
        return [paths.AVERAGE] if self.baselines and len(self.versions) > 1 else []

    @property
    def average_modality(self) -> str:
        """The modality of the average: text, image, or both."""
        modalities = {self.experiments[name].modality for name in self.versions}
        return modalities.pop() if len(modalities) == 1 else "both"

    def baseline_files(self, file: str) -> dict[Baseline, list[str]]:
        """A file of each run of the baselines, by name of the baseline."""
        files = self.by_name(self.baselines, file)
        return {name: files[paths.baseline(name)] for name in self.config.baselines}

    @property
    def frozen_states(self) -> dict[str, tuple[str, str]]:
        """File and array of the frozen states that baselines read, by modality.

        Those that most experiments read of a view without augmentation, of texts the mean over
        tokens if any does; no encoding job is added for a baseline.
        """
        read: dict[str, Counter[tuple[str, str]]] = {"text": Counter(), "image": Counter()}
        for name in self.rows:
            settings = self.experiments[name]
            arrays = {
                "text": "" if settings.text.trained_layers else settings.text.pooling,
                "image": "" if settings.image.network else "state",
            }
            for modality in settings.modalities:
                if arrays[modality]:
                    read[modality][self.embeddings(name, modality)[0], arrays[modality]] += 1
        return {kind: _preferred(files) for kind, files in read.items() if files}

    def searches(self, name: str, fold: str | None = None, protocol: str = "") -> list[str]:
        """What a search chose on a fold, or on all; empty if the experiment has no search."""
        if self.experiments[name].search is None:
            return []
        folds = self.folds(name, protocol) if fold is None else [fold]
        return [paths.search(name, number, protocol) for number in folds]

    def fold_table(self, protocol: str, name: str, fraction: str = "") -> str:
        """The table of the split of each post, under a protocol or with fewer training posts."""
        if fraction:
            return paths.fraction_folds(fraction)
        return paths.split(self.paper_share(name)) if protocol else paths.FOLDS

    def paper_share(self, name: str) -> str:
        """Fraction of the posts that an experiment validates on under the paper protocol."""
        return f"{self.resolved[name].settings.paper_validation:g}"

    def embeddings(self, name: str, modality: str) -> list[str]:
        """The embedding files of a modality that an experiment reads, evaluation first."""
        return [view.path for view in self.views[name] if view.modality == modality]

    @property
    def embeddings_by_encoder(self) -> FilesByName:
        """Every embedding file of this run, by ``encoder/modality``."""
        files: FilesByName = {}
        for job in self.encodings:
            listed = files.setdefault(f"{job.encoder}/{job.modality}", [])
            listed += [view.path for view in job.views]
        return files

    def encoder(self, name: str) -> dict[str, Any]:
        """The settings of an encoder, and of those that it is made of."""
        return self.profile.encoders.specification(name)

    def trained_encoders(self, name: str) -> dict[str, Any]:
        """The settings of the encoders of which an experiment trains a part, by name."""
        experiment = self.experiments[name]
        names = [experiment.text.encoder] if experiment.text.trained_layers else []
        names += [experiment.image.encoder] if experiment.image.network else []
        return {name: self.encoder(name) for name in names}

    @property
    def all_folds_in_one_job(self) -> list[str]:
        """Experiments that train no layers of an encoder: one job trains all of their folds."""
        return [n for n, settings in self.experiments.items() if not settings.text.trained_layers]

    def priority(self, name: str) -> int:
        """What takes longest starts first, or one core would wait for it in the end."""
        experiment = self.experiments[name]
        if experiment.text.trained_layers:
            return 20
        return 15 if experiment.image.network else 10

    @property
    def gpus(self) -> int:
        """GPUs that a job which can use one requests, 0 or 1; ``auto``: 1 if one is here."""
        if self.config.device != "auto":
            return int(self.config.device == "cuda")
        hidden = os.environ.get("CUDA_VISIBLE_DEVICES") in ("", "-1")
        return int(not hidden and bool(list(Path("/dev").glob("nvidia[0-9]*"))))

    def encoding_threads(self, job: EncodingJob, cores: int) -> int:
        """Cores of an encoding job: of a small one half, so that another starts beside it."""
        rows = len(job.views) * len(self.posts.files["text"])
        return cores if rows > _FEW_ROWS else max(1, cores // 2)

    def encoding_resources(self, job: EncodingJob) -> dict[str, Any]:
        """What an encoding job requests: GPUs, MB and minutes. Pixels are only decoded."""
        return {
            "gpu": 0 if job.encoder == PIXELS else self.gpus,
            "mem_mb": lambda _, attempt: 4000 * attempt,
            "runtime": lambda _, attempt: 60 * attempt,
        }

    def gpus_to_train(self, name: str) -> int:
        """GPUs that a run requests: a small network over stored vectors is as fast without."""
        return self.gpus if self.trained_encoders(name) else 0


def _preferred(files: Counter[tuple[str, str]]) -> tuple[str, str]:
    """The file that is read most, if any of those with means over tokens, else of all."""
    return max(files, key=lambda file: (file[1] == "mean", files[file]))
