"""Train a version from stored embeddings, and again with every batch encoded anew.

Both trainings run side by side in one process, with the same posts, views, batches and seeds. One
reads the embeddings of the frozen encoders from files, the other runs the encoders on every batch
of every epoch, as the study's code does. The working folder has to be one in which the default
configuration was run on the data set.
"""

import argparse
import dataclasses
import sys
import time
from pathlib import Path

import numpy as np
import torch
import yaml

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "scripts"))

from mmsent import paths
from mmsent.data.images import read_image
from mmsent.data.text import clean_text
from mmsent.encoders.device import make_deterministic
from mmsent.encoders.load import load_tower
from mmsent.encoders.views import view_maker
from mmsent.files import seed_of
from mmsent.labels import TEST, TRAIN, VALIDATION
from mmsent.plan.plan import Plan, load_plan
from mmsent.tables import read_table
from mmsent.training.inputs import Inputs, load_inputs
from mmsent.training.loop import fit
from mmsent.training.run import predict

CPU = torch.device("cpu")


class Encoders:
    """The frozen encoders of an experiment with the raw posts."""

    def __init__(self, plan: Plan, name: str) -> None:
        text, *images = plan.views[name]
        self.text = load_tower(plan.encoder(text.encoder), "text")
        self.image = load_tower(plan.encoder(images[0].encoder), "image")
        table = read_table(paths.TEXT_INDEX)
        cleaned = [clean_text(content, text.settings["cleaning"]) for content in table["text"]]
        self.texts = dict(zip(table["guid"], cleaned, strict=True))
        files, folder = read_table(paths.IMAGE_INDEX), Path(plan.image_folder)
        self.files = {row.guid: (folder / row.file, row.sha256) for row in files.itertuples()}
        self.views = [view_maker(self.image, **view.settings) for view in images]
        self.pooling = plan.experiments[name].text.pooling

    def vectors(self, guids: list[str], views: list[int]) -> dict[str, torch.Tensor]:
        """Encode posts, each image in one of its views, in the precision of the stored files."""
        text = self.text.encode([self.texts[guid] for guid in guids])[self.pooling]
        made = []
        for guid, view in zip(guids, views, strict=True):
            path, sha256 = self.files[guid]
            made.append(self.views[view](read_image(path).rgb, sha256))
        states = [self.image.encode(part) for part in torch.stack(made).split(16)]
        return {"text": text.half().clone(), "image": torch.cat(states).half().clone()}


@dataclasses.dataclass(frozen=True)
class EncodedAnew(Inputs):
    """Inputs whose batches are encoded on request."""

    encoders: Encoders | None = None

    def to(self, device: torch.device) -> "EncodedAnew":
        """Return itself: the encoders are on the CPU."""
        return self

    def batch(
        self, rows: torch.Tensor, generator: torch.Generator | None = None
    ) -> dict[str, torch.Tensor]:
        """Encode the posts and views that the stored inputs return for the same generator."""
        views = torch.zeros(len(rows), dtype=torch.int64)
        stored = self.embeddings["image"].shape[1]
        if generator is not None and stored > 1:
            views = torch.randint(stored, (len(rows),), generator=generator)
        return self.encoders.vectors([self.guids[row] for row in rows], views.tolist())


def main() -> None:
    """Train both ways; print seconds, their ratio, and how far the predictions differ."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--version", default="v4_balanced_clip", help="one that reads one text view"
    )
    parser.add_argument("--dataset", default="demo")
    parser.add_argument("--epochs", type=int, default=2, help="of both trainings")
    args = parser.parse_args()
    make_deterministic()
    config = Path("config/config.yaml")
    merged = yaml.safe_load(config.read_text()) | {"dataset": args.dataset}
    plan = load_plan(merged, [config], elsewhere=False)
    schedule = {"epochs": args.epochs, "warmup_epochs": 1.0}
    experiment = plan.experiments[args.version].varied({"schedule": schedule})
    files = {modality: [Path(path) for path in plan.embeddings(args.version, modality)]
             for modality in ("text", "image")}  # fmt: skip
    stored = load_inputs(experiment, read_table(paths.POSTS), read_table(paths.FOLDS), 0, files)
    encoders = Encoders(plan, args.version)
    anew = {split: EncodedAnew(**vars(part), encoders=encoders) for split, part in stored.items()}
    seed, seconds, probabilities = seed_of(42, args.version, 0), {}, {}
    for name, inputs in (("stored", stored), ("encoded anew", anew)):
        start = time.perf_counter()
        trainer = fit(experiment, inputs[TRAIN], inputs[VALIDATION], seed, CPU)
        seconds[name] = time.perf_counter() - start
        probabilities[name] = predict(trainer.network, stored[TEST], CPU)[0]
        print(f"{name}: {seconds[name]:.1f} s for {len(trainer.history)} epochs of "
              f"{len(inputs[TRAIN])} + {len(inputs[VALIDATION])} posts")  # fmt: skip
    # A post in a batch of others is rounded otherwise in the last bit of half precision; over
    # hundreds of steps such bits grow, so predictions agree closely, not to the bit.
    difference = np.abs(probabilities["stored"] - probabilities["encoded anew"]).max()
    print(f"ratio: {seconds['encoded anew'] / seconds['stored']:.0f}; "
          f"largest difference of a test probability: {difference:.2g}")  # fmt: skip


if __name__ == "__main__":
    main()
