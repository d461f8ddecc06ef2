"""Seconds of encoders and of training, beside what their arithmetic must take on this processor.

The limit is the number of floating-point operations divided by what one core reaches in a product
of matrices; both are measured here, side by side. Image encoders are run by torch and by
onnxruntime, dropout and the optimiser by torch's modules and by ours. The working folder has to be
one in which the default configuration was run on the data set.
"""

import argparse
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path

import torch
import yaml
from tabulate import tabulate
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "scripts"))

from mmsent import paths
from mmsent.encoders.batches import BATCH
from mmsent.encoders.device import make_deterministic
from mmsent.encoders.load import load_tower
from mmsent.labels import TRAIN, VALIDATION
from mmsent.models.dropout import Dropout
from mmsent.plan.plan import Plan, load_plan
from mmsent.tables import read_table
from mmsent.training.inputs import load_inputs
from mmsent.training.loop import fit
from mmsent.training.optimiser import AdamW

CPU = torch.device("cpu")

#: So many that what a run does once is little beside them.
EPOCHS = 4


def seconds(work: Callable[[], object], repeats: int = 7) -> float:
    """The least processor time of some repeats: others that use the machine only add to it."""
    times = []
    for _ in range(repeats):
        start = time.process_time()
        work()
        times.append(time.process_time() - start)
    return min(times)


def operations(work: Callable[[], object]) -> int:
    """Floating-point operations of products and convolutions, a multiply-add counted as two."""
    with FlopCounterMode(display=False) as counter:
        work()
    return counter.get_total_flops()


def peak() -> float:
    """Operations a second of one core in a product of matrices that stay in its cache."""
    a, b = torch.randn(384, 384), torch.randn(384, 384)
    return 20 * 2 * 384**3 / seconds(lambda: [a @ b for _ in range(20)], 20)


def encoder_rows(plan: Plan, limit: float) -> Iterable[tuple[str, float, float]]:
    """Name, seconds a post, and their limit, of each encoder in batches as in a run."""
    image = load_tower(plan.encoder("image"), "image")
    pictures = torch.randint(0, 256, (BATCH, 3, image.size, image.size), dtype=torch.uint8)
    least = operations(lambda: image.encode(pictures)) / limit
    for name, tower in (("torch", image), ("onnxruntime", image.on(CPU, BATCH))):
        tower.encode(pictures)
        yield f"image, {name}", seconds(lambda t=tower: t.encode(pictures)) / BATCH, least / BATCH  # type: ignore[misc]
    text = load_tower(plan.encoder("text"), "text")
    for width in (16, 32, 64):
        texts = ["word " * (width - 2)] * (BATCH - 1) + [""]
        text.encode(texts, 0, width)
        least = operations(lambda w=width, t=texts: text.encode(t, 0, w)) / limit  # type: ignore[misc]
        taken = seconds(lambda w=width, t=texts: text.encode(t, 0, w))  # type: ignore[misc]
        yield f"text, {width} tokens", taken / (BATCH - 1), least / (BATCH - 1)


def training_rows(
    plan: Plan, names: Iterable[str], limit: float
) -> Iterable[tuple[str, float, float]]:
    """Name, seconds a training post and epoch, and their limit, of experiments on fold 0."""
    posts, folds = read_table(paths.POSTS), read_table(paths.FOLDS)
    for name in names:
        experiment = plan.experiments[name].varied(
            {"schedule": {"epochs": EPOCHS, "warmup_epochs": 1}}
        )
        files = {modality: [Path(path) for path in plan.embeddings(name, modality)]
                 for modality in ("text", "image")}  # fmt: skip
        inputs = load_inputs(experiment, posts, folds, 0, files, (TRAIN, VALIDATION))
        encoders = plan.trained_encoders(name)

        def train() -> object:
            return fit(experiment, inputs[TRAIN], inputs[VALIDATION], 1, CPU, encoders)  # noqa: B023

        rounds = EPOCHS * len(inputs[TRAIN])
        least = operations(train) / limit
        yield name, seconds(train, 3) / rounds, least / rounds


def part_rows() -> Iterable[tuple[str, float, float]]:
    """Name, seconds with torch's module and with ours, of a step of 32 posts."""
    states = torch.randn(32, 1664)
    dropouts = nn.Dropout(0.5), Dropout(0.5)
    yield "dropout", *(seconds(lambda m=m: m(states), 50) for m in dropouts)  # type: ignore[misc]
    layers = [nn.Linear(1280, 512), nn.Linear(384, 512), nn.Linear(1024, 512), nn.Linear(512, 256)]
    parameters = [p for layer in layers for p in layer.parameters()]
    for parameter in parameters:
        parameter.grad = torch.randn_like(parameter)
    theirs = torch.optim.AdamW(parameters, lr=1e-4, weight_decay=0.01, fused=True)
    optimiser = AdamW([{"params": parameters, "lr": 1e-4}], 0.01)
    theirs.step()
    yield "AdamW, 1.5 million parameters", seconds(theirs.step, 50), seconds(optimiser.step, 50)


def main() -> None:
    """Print three tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--dataset", default="demo")
    parser.add_argument("--experiments", nargs="*", help="by default the versions")
    args = parser.parse_args()
    make_deterministic()
    config = Path("config/config.yaml")
    plan = load_plan(
        yaml.safe_load(config.read_text()) | {"dataset": args.dataset}, [config], elsewhere=False
    )
    limit = peak()
    print(f"one core: {limit / 1e9:.0f} GFLOP/s in a product of matrices\n")
    names = args.experiments or plan.config.versions
    tables = {
        "encoder, a post": encoder_rows(plan, limit),
        "training, a post and epoch": training_rows(plan, names, limit),
    }
    for title, rows in tables.items():
        table = [(name, 1e3 * taken, 1e3 * least, taken / least) for name, taken, least in rows]
        print(tabulate(table, (title, "ms", "limit, ms", "ratio"), floatfmt=".2f"), end="\n\n")
    parts = [(name, 1e3 * torchs, 1e3 * ours, torchs / ours) for name, torchs, ours in part_rows()]
    print(tabulate(parts, ("part of a step", "torch, ms", "here, ms", "ratio"), floatfmt=".2f"))


if __name__ == "__main__":
    main()
