"""Train a version from stored embeddings, and again with every batch encoded anew.

Both trainings are the same, side by side in one process: the same posts, views, batches and seeds.
One reads the frozen encoders' embeddings from the files, the other runs the encoders on every batch
of every epoch, as the study's code does. Needs a results folder in which the version was trained.
"""

import argparse
import dataclasses
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import torch

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "scripts"))

from mmsent.config.augmentation import Augmentation, load_augmentations
from mmsent.config.encoders import load_models
from mmsent.config.experiment import Experiment, load_experiment
from mmsent.data.images import read_picture
from mmsent.data.text import clean_text
from mmsent.encoders.device import make_deterministic
from mmsent.encoders.encode_image import image_tower, view_maker
from mmsent.encoders.encode_text import text_tower
from mmsent.files import seed_of
from mmsent.labels import TEST, TRAIN, VALIDATION
from mmsent.tables import read_table
from mmsent.training.inputs import Inputs, load_inputs
from mmsent.training.loop import fit
from mmsent.training.run import predict

CPU = torch.device("cpu")

#: The fastest on a CPU; see mmsent.encoders.encode_image.
_IMAGES_AT_ONCE = 16


class Encoders:
    """The frozen encoders of an experiment with the raw posts."""

    def __init__(self, experiment: Experiment, results: Path, images: Path, seed: int) -> None:
        spec = load_models("config/models/offline.yaml").specification(experiment.text.encoder)
        self.text, self.image = text_tower(spec), image_tower(spec)
        texts = read_table(results / "index/text.tsv")
        self.texts = {
            guid: clean_text(text, experiment.text.cleaning)
            for guid, text in zip(texts["guid"], texts["text"], strict=True)
        }
        files = read_table(results / "index/image.tsv")
        self.files = {
            row.guid: (images / row.file, row.sha256) for row in files.itertuples(index=False)
        }
        name = experiment.image.augmentation
        policy = load_augmentations("config/augmentations.yaml", Augmentation)[name].model_dump()
        numbers = range(1, experiment.image.views + 1)
        self.views = [
            view_maker(None, self.image, 0, seed),
            *(view_maker(policy, self.image, number, seed) for number in numbers),
        ]
        self.pooling = experiment.text.pooling

    def vectors(self, guids: list[str], views: list[int]) -> dict[str, torch.Tensor]:
        """Encode posts, each picture in the named view, in the precision of the stored files."""
        text = self.text.encode([self.texts[guid] for guid in guids])[self.pooling]
        pictures = []
        for guid, view in zip(guids, views, strict=True):
            path, sha256 = self.files[guid]
            pictures.append(self.views[view](read_picture(path).rgb, sha256))
        states = [self.image.encode(torch.stack(part)) for part in _parts(pictures)]
        return {"text": text.half().clone(), "image": torch.cat(states).half().clone()}


def _parts(pictures: list[torch.Tensor]) -> list[list[torch.Tensor]]:
    starts = range(0, len(pictures), _IMAGES_AT_ONCE)
    return [pictures[start : start + _IMAGES_AT_ONCE] for start in starts]


@dataclasses.dataclass(frozen=True)
class EncodedAnew(Inputs):
    """Inputs whose batches are encoded when they are asked for."""

    encoders: Encoders | None = None

    def to(self, device: torch.device) -> "EncodedAnew":
        """Stays where the encoders are."""
        return self

    def batch(
        self, rows: torch.Tensor, generator: torch.Generator | None = None
    ) -> dict[str, torch.Tensor]:
        """The same posts and views as the stored inputs give for the same generator."""
        views = torch.zeros(len(rows), dtype=torch.int64)
        stored = self.embeddings["image"].shape[1]
        if generator is not None and stored > 1:
            views = torch.randint(stored, (len(rows),), generator=generator)
        return self.encoders.vectors([self.guids[row] for row in rows], views.tolist())


def main() -> None:
    """Read the command line, train both ways and print what each took."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--version", default="v4_balanced_clip")
    parser.add_argument("--results", type=Path, default=Path("results"))
    parser.add_argument("--images", type=Path, default=Path("results/demo/data"))
    parser.add_argument("--epochs", type=int, default=2, help="of both trainings")
    parser.add_argument("--fold", type=int, default=0)
    args = parser.parse_args()
    make_deterministic()
    experiment = load_experiment(f"config/experiments/{args.version}.yaml")
    experiment = experiment.varied({"schedule": {"epochs": args.epochs, "warmup_epochs": 1.0}})
    posts, folds = (read_table(args.results / f"data/{name}") for name in
                    ("posts.parquet", "folds.tsv"))  # fmt: skip
    start = time.perf_counter()
    folder = args.results / "embeddings" / experiment.text.encoder
    image = experiment.image
    names = ["evaluation", *(f"{image.augmentation}.{n}" for n in range(1, image.views + 1))]
    files = {"text": [folder / f"text.{experiment.text.cleaning}.safetensors"],
             "image": [folder / f"image.{name}.safetensors" for name in names]}  # fmt: skip
    stored = load_inputs(experiment, posts, folds, args.fold, files)
    print(f"reading the stored embeddings: {time.perf_counter() - start:.1f} s")
    encoders = Encoders(experiment, args.results, args.images, seed=42)
    anew = {split: EncodedAnew(**vars(part), encoders=encoders) for split, part in stored.items()}
    show_equality(stored[TRAIN], encoders)
    seed = seed_of(42, args.version, args.fold)
    compare(experiment, stored, anew, seed)


def show_equality(train: Inputs, encoders: Encoders, posts: int = 24) -> None:
    """Print how far stored vectors are from those encoded anew.

    The same post in a batch of others is rounded otherwise in the last bit of half precision; over
    hundreds of steps of training such bits grow, so predictions agree closely, not to the bit.
    """
    for view in range(train.embeddings["image"].shape[1]):
        anew = encoders.vectors(train.guids[:posts], [view] * posts)
        stored = {"text": train.embeddings["text"][:posts, 0],
                  "image": train.embeddings["image"][:posts, view]}  # fmt: skip
        far = {name: (anew[name].float() - stored[name].float()).abs() for name in stored}
        print(f"view {view}: " + "; ".join(
            f"{name} differs by at most {d.max().item():.1g}, in {(d > 0).float().mean():.1%} of "
            "the values" for name, d in far.items()))  # fmt: skip


def compare(
    experiment: Experiment, stored: dict[str, Inputs], anew: dict[str, Inputs], seed: int
) -> None:
    """Train both ways; print seconds, their ratio, and how far the predictions differ."""
    seconds, chances, histories = {}, {}, {}
    for name, inputs in (("stored", stored), ("encoded anew", anew)):
        start = time.perf_counter()
        fitted = fit(experiment, inputs[TRAIN], inputs[VALIDATION], seed, CPU)
        seconds[name] = time.perf_counter() - start
        chances[name] = predict(fitted.network, stored[TEST], CPU)[0]
        histories[name] = pd.DataFrame(fitted.history)
        print(f"{name}: {seconds[name]:.1f} s for {len(fitted.history)} epochs of "
              f"{len(inputs[TRAIN])} + {len(inputs[VALIDATION])} posts")  # fmt: skip
    ratio = seconds["encoded anew"] / seconds["stored"]
    difference = np.abs(chances["stored"] - chances["encoded anew"]).max()
    same = (chances["stored"].argmax(1) == chances["encoded anew"].argmax(1)).mean()
    print(f"ratio: {ratio:.0f}; largest difference of a test probability: {difference:.2g}; "
          f"same class: {same:.2%}")  # fmt: skip
    print(pd.concat(histories, axis=1).xs("validation_f1", axis=1, level=1).round(4))


if __name__ == "__main__":
    main()
