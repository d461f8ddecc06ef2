"""What a run consists of: settings, resolved experiments, posts, and the files of runs."""

import os
from pathlib import Path
from typing import Any

from mmsent import paths
from mmsent.config.augmentation import Augmentation, TextAugmentation, load_augmentations
from mmsent.config.encoders import ENCODES
from mmsent.config.experiment import Experiment
from mmsent.config.main import FILES, Config, load_config
from mmsent.config.profile import Profile, load_profile, profile_path
from mmsent.config.validation import ConfigError, nearest
from mmsent.config.vlm import VlmExperiment, ZeroShot
from mmsent.data.layout import (
    DATA_FOLDER,
    Modality,
    dataset_files,
    guid_order,
    label_lists,
)
from mmsent.demo.plan import file_names
from mmsent.files import canonical_json, sha256_bytes, sha256_file
from mmsent.plan.resolve import Resolved, resolve
from mmsent.plan.views import NOT_DRAWN, View, encoding_jobs, image_views, text_views
from mmsent.sources import code_hash


class RunDefinition:
    """Everything that decides which jobs a run has, read and validated once.

    Attributes
    ----------
    tables
        Names of the experiments of each table that has any: ``versions``, ``ablation``.
    rows
        Names of all of them, each once; ``seeds`` and ``learning_curve`` of the settings may name
        others.
    fractions, reduced
        Fractions of the training posts, and the experiments that are trained on them.
    experiments, trained_vlms, zero_shot_vlms
        Settings by name: experiments over encoders, and vision-language models by kind.
    """

    def __init__(self, merged: dict[str, Any], files: list[Path]) -> None:
        """Validate all settings and list the posts' files.

        Raises
        ------
        ConfigError
            One line for each wrong setting.
        DatasetError
            If the data set has no files of posts.
        """
        self.config: Config = load_config(merged, files)
        self.profile: Profile = load_profile(profile_path(self.config.profile))
        self.augmentations = load_augmentations(self.config.augmentations, Augmentation)
        self.text_augmentations = load_augmentations(
            self.config.text_augmentations, TextAugmentation
        )
        self.versions = list(self.config.versions)
        ablation = [f"ablation/{name}" for name in self.config.ablation]
        tables = {"versions": self.versions, "ablation": ablation}
        self.tables = {table: names for table, names in tables.items() if names}
        self.rows = list(dict.fromkeys([*self.versions, *ablation]))
        self.resolved: dict[str, Resolved] = {}
        self.experiments: dict[str, Experiment] = {}
        curve = self.config.learning_curve
        self.fractions = [f"{fraction:g}" for fraction in curve.fractions]
        self.reduced = list(curve.experiments) if curve.fractions else []
        for name in dict.fromkeys([*self.rows, *self.config.seeds.experiments, *self.reduced]):
            self.experiments[name] = self._resolve(name, Experiment)
            self._check_names(name)
        vlms = {name: self._resolve(name, VlmExperiment, ZeroShot) for name in self.config.vlm}
        self.vlms = list(vlms)
        self.trained_vlms = [
            n for n, settings in vlms.items() if isinstance(settings, VlmExperiment)
        ]
        self.zero_shot_vlms = [n for n, settings in vlms.items() if isinstance(settings, ZeroShot)]
        self.vlm_settings = vlms
        self._check_vlm_folds()
        for name in self.profile.overrides:
            if name not in self.resolved:
                resolve(name, self.profile.overrides, str(self.profile.path))
        self.views = {name: self._views(name) for name in self.experiments}
        used = [view for views in self.views.values() for view in views]
        plain = {"cleaning": "none", "max_tokens": 0, "below": 0} | NOT_DRAWN
        texts = [view for view in used if view.modality == "text"]
        #: Counts the tokens of the texts for the description of the data.
        self.token_view = texts[0] if texts else View("text", "text", "none", plain)
        self.encodings = encoding_jobs([*used, self.token_view], self._view_key)
        self.is_demo = self.config.dataset == "demo"
        self.dataset = paths.DEMO if self.is_demo else self.config.dataset
        self.label_lists = label_lists(Path(self.dataset), made_later=self.is_demo)
        demo = self.config.demo
        names = file_names(demo.labelled, demo.unlabelled, demo.seed) if self.is_demo else []
        self.demo_files = [f"{paths.DEMO}/{name}" for name in names]
        self.texts, self.images = self._files("text"), self._files("image")

    def _resolve(self, name: str, *kinds: type[Any]) -> Any:
        resolved = resolve(name, self.profile.overrides, str(self.profile.path))
        if not isinstance(resolved.settings, kinds):
            is_vlm = isinstance(resolved.settings, VlmExperiment | ZeroShot)
            key = "vlm" if is_vlm else "versions, ablation, seeds or learning_curve"
            raise ConfigError(f"{resolved.files[0]}: this experiment has to be listed under {key}")
        self.resolved[name] = resolved
        return resolved.settings

    def _check_names(self, name: str) -> None:
        """Encoders and augmentations that an experiment names have to exist."""
        for modality, augmentations, file in (
            ("text", self.text_augmentations, self.config.text_augmentations),
            ("image", self.augmentations, self.config.augmentations),
        ):
            settings = getattr(self.experiments[name], modality)
            able = [encoder for encoder, modalities in ENCODES.items() if modality in modalities]
            if settings.encoder not in able:
                raise ConfigError(
                    f"{self.resolved[name].origin(modality, 'encoder')}: {modality}.encoder: no "
                    f"such {modality} encoder, got {settings.encoder!r}"
                    f"{nearest(settings.encoder, able)}; known are {', '.join(able)}"
                )
            if settings.augmentation is not None and settings.augmentation not in augmentations:
                raise ConfigError(
                    f"{self.resolved[name].origin(modality, 'augmentation')}: "
                    f"{modality}.augmentation: no such augmentation, got "
                    f"{settings.augmentation!r}{nearest(settings.augmentation, [*augmentations])}; "
                    f"see {file}"
                )

    def _check_vlm_folds(self) -> None:
        for name, settings in self.vlm_settings.items():
            above = [fold for fold in settings.folds or [] if fold >= self.config.folds.outer]
            if above:
                raise ConfigError(
                    f"{self.resolved[name].origin('folds')}: folds: no such fold: {above[0]} "
                    f"(folds.outer is {self.config.folds.outer}, the first fold is 0)"
                )

    def _views(self, name: str) -> list[View]:
        experiment, seed = self.experiments[name], self.config.seed
        return [
            *text_views(experiment, self.text_augmentations, seed),
            *image_views(experiment, self.augmentations, seed),
        ]

    def _view_key(self, view: View) -> str:
        encoder = self.profile.encoders.specification(view.encoder)
        parts = [view.name, dict(view.settings), encoder, code_hash("encode")]
        return sha256_bytes(canonical_json(parts).encode())

    def _files(self, modality: Modality) -> list[str]:
        if not self.is_demo:
            return dataset_files(Path(self.dataset), modality)
        folder, suffix = f"{paths.DEMO}/{DATA_FOLDER}/", ".txt" if modality == "text" else ".jpg"
        names = [n for n in self.demo_files if n.startswith(folder) and n.endswith(suffix)]
        return sorted(names, key=lambda name: guid_order(Path(name).stem))

    @property
    def image_folder(self) -> str:
        """Folder of the posts' images."""
        return f"{self.dataset}/{DATA_FOLDER}"

    def total_bytes(self, modality: Modality) -> int:
        """Sum of the sizes of the posts' files; 0 of the generated data set.

        Snakemake compares contents only of files newer than the outputs. Files that were replaced
        under an older date, as by ``cp -p`` or from an archive, change this sum.
        """
        files = self.texts if modality == "text" else self.images
        return 0 if self.is_demo else sum(map(os.path.getsize, files))

    @property
    def list_hashes(self) -> list[str]:
        """SHA-256 of each label file, as two labels may have one length; none of generated ones."""
        return [] if self.is_demo else [sha256_file(path) for path in self.label_lists]

    @property
    def setting_files(self) -> list[str]:
        """Paths of the files of settings beside the configuration itself."""
        named = [getattr(self.config, key) for key in FILES]
        experiments = [path for resolved in self.resolved.values() for path in resolved.files]
        return list(dict.fromkeys([str(self.profile.path), *named, *experiments]))

    @property
    def public_settings(self) -> dict[str, Any]:
        """The settings of the run; of a folder of posts the name, not where it is stored."""
        settings = self.config.model_dump()
        if not self.is_demo:
            settings["dataset"] = f"{Path(self.config.dataset).name}/"
        return settings
