"""The runs of vision-language models: which, on which folds, and what they leave."""

from collections.abc import Iterable, Mapping
from typing import Any

from mmsent.config.encoders import TinyVlm, VlmCheckpoint
from mmsent.config.experiment import EXPERIMENTS
from mmsent.config.main import Config
from mmsent.config.validation import ConfigError
from mmsent.config.vlm import Prompted, VlmExperiment, load_prompted
from mmsent.files import canonical_json


class VlmPlan:
    """The experiments under ``vlm:``, read and checked once."""

    def __init__(
        self,
        config: Config,
        model: TinyVlm | VlmCheckpoint,
        adjustments: Mapping[str, dict[str, Any]],
    ) -> None:
        """Read the experiments.

        Raises
        ------
        ConfigError
            One line for each wrong setting; if a fold does not exist.
        """
        self.settings: dict[str, Prompted] = {}
        for name in config.vlm:
            path = EXPERIMENTS / f"{name}.yaml"
            settings = load_prompted(path, adjustments.get(name), config.adjustments)
            above = [fold for fold in settings.folds or [] if fold >= config.folds.outer]
            if above:
                raise ConfigError(
                    f"{path}: folds: no such fold: {above[0]} (folds.outer is "
                    f"{config.folds.outer}, the first fold is 0)"
                )
            self.settings[name] = settings
        self.names = list(self.settings)
        self.trained = [n for n, own in self.settings.items() if isinstance(own, VlmExperiment)]
        self.asked = [name for name in self.names if name not in self.trained]
        every = list(range(config.folds.outer))
        #: Folds that each experiment runs.
        self.folds = {n: sorted(own.folds or every) for n, own in self.settings.items()}
        #: The settings of the model behind all of them, as JSON.
        self.model = canonical_json(model.model_dump())

    def experiments(self) -> str:
        """The settings of every experiment, as JSON."""
        return canonical_json({name: own.model_dump() for name, own in self.settings.items()})

    def tables(self, *files: str) -> list[str]:
        """These files if there is any such experiment, else none."""
        return list(files) if self.names else []

    def runs(self, names: Iterable[str], file: str) -> list[str]:
        """A file of each run of some experiments."""
        return [f"results/runs/{name}/{fold}/{file}" for name in names for fold in self.folds[name]]

    def costs(self) -> list[str]:
        """What each run took of the device."""
        folds = self.folds.items()
        return [f"results/costs/vlm/{name}/{fold}.json" for name, own in folds for fold in own]

    def jobs(self, protocol: str = "") -> list[str]:
        """Rule, experiment and fold of each run, as benchmark files are named."""
        rules = {name: "train_vlm" if name in self.trained else "zero_shot" for name in self.names}
        runs = [(n, fold) for n, own in self.folds.items() for fold in ([0] if protocol else own)]
        return [f"{rules[name]}/{name}/{fold}" for name, fold in runs]
