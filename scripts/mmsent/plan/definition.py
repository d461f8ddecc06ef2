"""What a run consists of: settings, resolved experiments, posts, and the files of runs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from snakemake.io import ancient

from mmsent import paths
from mmsent.config.augmentation import Augmentation, TextAugmentation, load_augmentations
from mmsent.config.encoders import ENCODES
from mmsent.config.experiment import Experiment
from mmsent.config.main import FILES, Config, load_config
from mmsent.config.profile import Profile, load_profile, profile_path
from mmsent.config.validation import ConfigError, located, nearest
from mmsent.config.vlm import VlmExperiment, ZeroShot
from mmsent.data.dataset import Dataset, recognise
from mmsent.data.layout import DATA_FOLDER, TRAIN_FILE, UNLABELLED_FILE, Modality, guid_order
from mmsent.demo.plan import file_names
from mmsent.files import canonical_json, sha256_bytes, sha256_file
from mmsent.labels import LABELS, UNLABELLED
from mmsent.plan.resolve import Resolved, resolve
from mmsent.plan.views import NOT_DRAWN, View, encoding_jobs, image_views, text_views
from mmsent.sources import code_hash

if TYPE_CHECKING:
    from mmsent.data.readers import Listing


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
        LABELS.set(**self.config.classes)
        #: Name of the rare class, or None.
        self.rare_class = LABELS.rare_class
        self.profile: Profile = load_profile(profile_path(self.config.profile))
        #: Paths of the files that settings name, by key.
        self.files = {key: str(located(getattr(self.config, key))) for key in FILES}
        self.augmentations = load_augmentations(self.files["augmentations"], Augmentation)
        self.text_augmentations = load_augmentations(
            self.files["text_augmentations"], TextAugmentation
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
        demo, columns = self.config.demo, self.config.columns.model_dump()
        names = file_names(demo.labelled, demo.unlabelled, demo.seed) if self.is_demo else []
        self.demo_files = [f"{paths.DEMO}/{name}" for name in names]
        self.posts = _generated(names) if names else recognise(Path(self.dataset), columns)
        #: The lists of posts that no model is trained on, whether they have labels or not.
        self.test_lists = [*self.posts.lists[1:], *([self.config.test] if self.config.test else [])]
        self.test_listings = self._test_listings()
        self.has_held_out = any(map(_has_labels, self.test_listings))
        if self.config.test and not _has_labels(self.test_listings[-1]):
            raise ConfigError(f"test: {self.config.test}: no post in this list has a label")

    def _test_listings(self) -> list[Listing]:
        """The test lists; none of the generated posts, which have no label in them."""
        if self.is_demo or not self.test_lists:
            return []
        # It imports what decodes texts, which a plan without such a list does not need.
        from mmsent.data.readers import read_listing

        return [read_listing(Path(path), labelled=False) for path in self.test_lists]

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
            ("text", self.text_augmentations, self.files["text_augmentations"]),
            ("image", self.augmentations, self.files["augmentations"]),
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

    def inputs(self, modality: Modality) -> list[str]:
        """The files that an index job reads; of a table, a parameter stands for the content."""
        if self.posts.texts is None:
            return self.posts.paths[modality]
        images = self.posts.paths["image"] if modality == "image" else []
        return [*self.label_lists, *images]

    def columns(self, *keys: str) -> dict[str, str]:
        """The columns of a table that a job reads; of other data sets none."""
        columns = self.config.columns.model_dump(include=set(keys))
        return columns if self.posts.texts is not None else {}

    def mark(self, modality: Modality) -> list[Any]:
        """See :meth:`Dataset.mark`; nothing of the generated data set."""
        return [] if self.is_demo else self.posts.mark(modality)

    @property
    def label_lists(self) -> list[str]:
        """The label files; for the columns of a table, :attr:`list_hashes` stand."""
        first = self.posts.lists[:1]
        return [*(first if self.posts.texts is None else ancient(first)), *self.test_lists]

    @property
    def list_hashes(self) -> list[str]:
        """SHA-256 of each label file, as two labels may have one length; none of generated ones."""
        more = [sha256_file(self.config.test)] if self.config.test else []
        return [*self.posts.list_hashes, *more]

    @property
    def image_folder(self) -> str:
        """Folder to which the names of images are relative."""
        return str(self.posts.root)

    @property
    def label_settings(self) -> dict[str, Any]:
        """What decides the label that a tag of a label file stands for."""
        return {key: value for key, value in self.config.classes.items() if key != "rare_class"}

    @property
    def hashes_without_test_labels(self) -> list[str]:
        """SHA-256 of the list of labelled posts, and of all but the labels of each test list.

        With them, the label of a held-out post makes no job stale that reads the posts table.
        """
        parts = [[*listing.rows["written"], *listing.problems] for listing in self.test_listings]
        test = [sha256_bytes(canonical_json(part).encode()) for part in parts]
        return self.list_hashes[:1] + test

    @property
    def setting_files(self) -> list[str]:
        """Paths of the files of settings beside the configuration itself."""
        experiments = [path for resolved in self.resolved.values() for path in resolved.files]
        return list(dict.fromkeys([str(self.profile.path), *self.files.values(), *experiments]))

    @property
    def public_settings(self) -> dict[str, Any]:
        """The settings of what is computed; of the posts the name, not where they are stored."""
        settings = self.config.model_dump(exclude={"against"})
        if self.config.test:
            settings["test"] = Path(self.config.test).name
        else:
            del settings["test"]
        if not self.is_demo:
            path = Path(self.config.dataset)
            settings["dataset"] = f"{path.name}/" if path.is_dir() else path.name
        return settings


def _has_labels(listing: Listing) -> bool:
    return bool((listing.rows["label"] != UNLABELLED).any())


def _generated(names: list[str]) -> Dataset:
    """The generated data set, whose files are made later."""
    posts = sorted(
        (name for name in names if name.startswith(f"{DATA_FOLDER}/")),
        key=lambda name: guid_order(Path(name).stem),
    )
    suffixes: dict[Modality, str] = {"text": ".txt", "image": ".jpg"}
    files = {
        modality: {Path(name).stem: name for name in posts if name.endswith(suffix)}
        for modality, suffix in suffixes.items()
    }
    lists = [f"{paths.DEMO}/{name}" for name in (TRAIN_FILE, UNLABELLED_FILE)]
    made = {m: [f"{paths.DEMO}/{name}" for name in named.values()] for m, named in files.items()}
    return Dataset(Path(paths.DEMO), "generated posts", lists, [], files, made)
