"""What fine-tuning Qwen2-VL-2B takes: memory and arithmetic by configuration, and a check of them.

Nobody needs the checkpoint or a GPU for this. Networks of one and of two layers with the 2B model's
own widths and random weights go through a real step of training; what a layer adds is the
difference, and the whole has 28 of them over a vision tower of 32. The same calculation for a small
network stands beside what a process that trains it really takes.
"""

import argparse
import json
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from PIL import Image
from torch.autograd.graph import saved_tensors_hooks
from torch.utils.flop_counter import FlopCounterMode

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "scripts"))

from mmsent.config.encoders import TinyVlm
from mmsent.config.vlm import VlmExperiment
from mmsent.plan.resolve import resolve
from mmsent.vlm.device import Precision
from mmsent.vlm.network import VlmClassifier, load_classifier
from mmsent.vlm.prompts import Post

EXPERIMENT = "qwen2_vl_2b"

#: Qwen2-VL-2B as its settings on the hub have it, with a vocabulary of a few hundred words.
WIDTHS: dict[str, Any] = {
    "kind": "tiny", "hidden_size": 1536, "heads": 12, "key_value_heads": 2,
    "intermediate_size": 8960, "vision_size": 1280, "vision_heads": 16,
}  # fmt: skip
LAYERS, VISION_LAYERS = 28, 32
PARAMETERS, TRAINED = 2_208_985_600, 19_253_251
#: Weights of the language model's linear layers, those that four bits hold.
LINEAR = 28 * (2 * 1536 * 1536 + 2 * 1536 * 256 + 3 * 1536 * 8960)
#: Bytes of a weight in NF4 with double quantisation (Dettmers et al. 2023, section 3).
FOUR_BIT = 4.127 / 8

#: A small network whose training is measured: the vocabulary hardly counts.
SMALL: dict[str, Any] = {
    "kind": "tiny", "hidden_size": 512, "heads": 8, "key_value_heads": 2,
    "intermediate_size": 2048, "layers": 8, "vision_size": 256, "vision_heads": 4,
    "vision_layers": 4,
}  # fmt: skip

#: What is measured of it: posts at once, and settings.
MEASURED: list[tuple[int, dict[str, Any]]] = [
    (8, {}), (8, {"gradient_checkpointing": True}), (8, {"four_bit": True}), (2, {}),
    (2, {"gradient_checkpointing": True, "four_bit": True}),
]  # fmt: skip

CPU = torch.device("cpu")
GIB = 2**30


@dataclass(frozen=True)
class Step:
    """A step of training: bytes kept for its backward pass, tokens, and multiply-adds times two.

    Of a whole network also what one layer of it keeps, and a network of one layer.
    """

    kept: float
    kept_by_layer: float
    kept_by_one: float
    tokens: int
    flops: float

    def __sub__(self, other: "Step") -> "Step":
        kept = self.kept - other.kept
        return Step(kept, kept, kept, self.tokens, self.flops - other.flops)


def settings_of(**changes: Any) -> VlmExperiment:
    """The experiment of the 2B model; its prompt is short, as the tiny vocabulary spells it out."""
    given = resolve(EXPERIMENT, {}).settings
    assert isinstance(given, VlmExperiment)
    return VlmExperiment.model_validate(given.model_dump() | {"prompt": "?"} | changes)


def posts(number: int, side: int, tokens: int) -> list[Post]:
    """Posts with a square picture of ``side`` pixels; ``tokens`` are those of text and template."""
    picture = Image.new("RGB", (side, side), "navy")
    return [Post("~" * tokens, picture, row % 3) for row in range(number)]


def step_of(spec: dict[str, Any], precision: Precision, batch: int, side: int, text: int) -> Step:
    """Train once on a batch, and count."""
    network, prompts = load_classifier(settings_of(), TinyVlm(**spec), precision, 0)
    network.train()
    own = {p.untyped_storage().data_ptr() for p in network.parameters()}
    kept: dict[int, int] = {}

    def keep(tensor: torch.Tensor) -> torch.Tensor:
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in own:
            kept[storage.data_ptr()] = storage.nbytes()
        return tensor

    made, labels = prompts.labelled_batch(posts(batch, side, text))
    with FlopCounterMode(display=False) as counted:
        with saved_tensors_hooks(keep, lambda tensor: tensor):
            loss = torch.nn.functional.cross_entropy(network(made), labels)
        loss.backward()
    total = sum(kept.values())
    return Step(total, total, total, made["input_ids"].shape[1], counted.get_total_flops())


def whole(batch: int, side: int, text: int) -> Step:
    """A step of the 2B model by addition."""

    def of(layers: int, vision: int) -> Step:
        spec = WIDTHS | {"layers": layers, "vision_layers": vision}
        return step_of(spec, Precision("bf16", CPU), batch, side, text)

    one = of(1, 1)
    layer, vision = of(2, 1) - one, of(1, 2) - one
    kept = one.kept + (LAYERS - 1) * layer.kept + (VISION_LAYERS - 1) * vision.kept
    flops = one.flops + (LAYERS - 1) * layer.flops + (VISION_LAYERS - 1) * vision.flops
    return Step(kept, layer.kept, one.kept, one.tokens, flops)


def table(side: int, text: int) -> str:
    """Memory by configuration, in GiB, in Markdown."""
    head = ["Posts at once", "Checkpointing", "4 bits", "Weights", "Adapters, AdamW"]
    head += ["Activations", "Passing", "Sum"]
    lines = [f"| {' | '.join(head)} |", "|" + "---|" * len(head)]
    weights = {False: 2 * PARAMETERS, True: 2 * (PARAMETERS - LINEAR) + FOUR_BIT * LINEAR}
    batches = (4, 2, 1)
    one = WIDTHS | {"layers": 1, "vision_layers": 1}
    grown = [in_its_own_process(one, "bf16", {}, n, side, text)["added"] for n in batches]
    for batch, added in zip(batches, grown, strict=True):
        step = whole(batch, side, text)
        # What lives for a moment in a layer, in the first or the second half of a step.
        passing = max(added * GIB - step.kept_by_one, 0)
        states = LAYERS * batch * step.tokens * WIDTHS["hidden_size"] * 2
        for checkpointing in (False, True):
            kept = states + step.kept_by_layer if checkpointing else step.kept
            for four_bit in (False, True):
                parts = [weights[four_bit], 16 * TRAINED, kept, passing]
                words = [str(batch), *("yes" if w else "no" for w in (checkpointing, four_bit))]
                words += [f"{part / GIB:.1f}" for part in [*parts, sum(parts)]]
                lines.append(f"| {' | '.join(words)} |")
    flops = step.flops / batch / 1e12
    lines += ["", f"{step.tokens} tokens a post, {flops:.2f} TFLOP a post and step."]
    return "\n".join(lines)


def in_its_own_process(*asked: Any) -> dict[str, float]:
    """What :func:`measured` finds in a process that has done nothing else."""
    command = [sys.executable, __file__, "--measure", json.dumps(asked)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    return json.loads(done.stdout)


def measured(
    spec: dict[str, Any], precision: str, changes: dict[str, Any], batch: int, side: int, text: int
) -> dict[str, float]:
    """Train a network in this process: its peak memory, what steps added [GiB], and speed."""
    settings = settings_of(**changes)
    network, prompts = load_classifier(settings, TinyVlm(**spec), Precision(precision, CPU), 0)
    trained = [parameter for parameter in network.parameters() if parameter.requires_grad]
    optimiser = torch.optim.AdamW(trained, fused=True)
    made, labels = prompts.labelled_batch(posts(batch, side, text))
    train(network.train(), optimiser, *prompts.labelled_batch(posts(1, 28, 4)))
    before = resident("VmRSS")
    start = time.perf_counter()
    for _ in range(2):
        train(network, optimiser, made, labels)
    seconds = time.perf_counter() - start
    peak = resident("VmHWM")
    return {"peak": peak, "added": peak - before, "rate": 2 * batch / seconds}


def resident(name: str) -> float:
    """Resident memory of this process in GiB: now (VmRSS) or at most so far (VmHWM).

    What getrusage calls the peak is inherited from the process that started this one.
    """
    lines = Path("/proc/self/status").read_text().splitlines()
    (line,) = [line for line in lines if line.startswith(f"{name}:")]
    return int(line.split()[1]) / 2**20


def train(network: VlmClassifier, optimiser: Any, made: Any, labels: torch.Tensor) -> None:
    """One step."""
    torch.nn.functional.cross_entropy(network(made), labels).backward()
    optimiser.step()
    optimiser.zero_grad(set_to_none=True)


def small_table(side: int, text: int) -> str:
    """The small network by configuration, each in a process of its own, in Markdown."""
    lines = [
        "| Posts at once | Settings | Calculated activations | Steps added | Peak | Posts/s |",
        "|---|---|---|---|---|---|",
    ]
    found = [in_its_own_process(SMALL, "fp32", c, n, side, text) for n, c in MEASURED]
    for (batch, changes), row in zip(MEASURED, found, strict=True):
        expected = "-"
        if not changes:
            step = step_of(SMALL, Precision("fp32", CPU), batch, side, text)
            expected = f"{step.kept / GIB:.2f}"
        words = [str(batch), ", ".join(changes) or "-", expected]
        words += [f"{row[name]:.2f}" for name in ("added", "peak", "rate")]
        lines.append(f"| {' | '.join(words)} |")
    return "\n".join(lines)


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--side", type=int, default=280, help="pixels of a picture's side")
    parser.add_argument("--text", type=int, default=100, help="tokens of text and template")
    parser.add_argument("--measure", type=json.loads, help=argparse.SUPPRESS)
    given = parser.parse_args()
    torch.set_num_threads(1)
    if given.measure:
        print(json.dumps(measured(*given.measure)))
        return
    small, large = small_table(given.side, given.text), table(given.side, given.text)
    print(f"A small network in fp32 on the CPU, one thread [GiB]:\n\n{small}\n")
    print(f"Qwen2-VL-2B in bf16, calculated [GiB]:\n\n{large}")


if __name__ == "__main__":
    main()
