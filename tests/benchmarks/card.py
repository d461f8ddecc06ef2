"""What the paper profile takes of this machine's GPU, without a hub: time and memory by job.

Checkpoints of the real sizes with random weights (DeBERTa-large, CLIP ViT-B/32, Qwen2-VL-2B) are
written into a folder, 7 GB, and the real workflow runs over generated posts: the preflight, one
fold of `v2_enhanced`, all of `v3_clip` and one fold of both vision-language models.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
import yaml
from safetensors.torch import load_file, save_file
from transformers import CLIPConfig, CLIPModel, DebertaConfig, DebertaModel

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "scripts"))
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from checkpoints import deberta_v1, transformers_clip, weights_saved
from mmsent.config.encoders import TinyVlm
from mmsent.files import sha256_file
from mmsent.vlm.tiny import write_tiny

ROOT = Path(__file__).resolve().parents[2]

PARTS = ("Snakefile", "rules", "scripts", "config", "profiles", "envs", "requirements.txt")

#: Of the real checkpoints, and some to try this script itself with.
SIZES: dict[str, dict[str, dict[str, Any]]] = {
    "real": {
        "text": {"hidden_size": 1024, "num_hidden_layers": 24, "num_attention_heads": 16,
                 "intermediate_size": 4096, "vocab_size": 50265},
        "clip": {},
        "vlm": {"hidden_size": 1536, "layers": 28, "heads": 12, "key_value_heads": 2,
                "intermediate_size": 8960, "vision_size": 1280, "vision_layers": 32,
                "vision_heads": 16},
    },
    "small": {
        "text": {"hidden_size": 64, "num_hidden_layers": 4, "num_attention_heads": 4,
                 "intermediate_size": 64, "vocab_size": 50265},
        "clip": {"text_config": {"num_hidden_layers": 1},
                 "vision_config": {"num_hidden_layers": 1}},
        "vlm": {},
    },
}  # fmt: skip

#: The tiny model's weights are wide; as wide as those of real ones, 28 layers of them stay finite.
NARROWER = 0.2

TARGETS = [
    "results/preflight.json",
    *(f"results/runs/{name}/0/predictions.parquet"
      for name in ("v2_enhanced", "v3_clip", "qwen2_vl_2b", "qwen2_vl_zero_shot")),
]  # fmt: skip


def write_text(folder: Path, sizes: dict[str, Any]) -> None:
    """A DeBERTa v1 with the tokenizer of a small one."""
    deberta_v1(folder)
    (folder / "pytorch_model.bin").unlink()
    settings = DebertaConfig(
        relative_attention=True, pos_att_type="c2p|p2c", max_relative_positions=-1,
        position_biased_input=False, type_vocab_size=0, layer_norm_eps=1e-7, **sizes,
    )  # fmt: skip
    weights_saved(DebertaModel(settings), folder)


def write_clip(folder: Path, sizes: dict[str, Any]) -> None:
    """A CLIP ViT-B/32 with the tokenizer of a small one."""
    transformers_clip(folder)
    path = folder / "preprocessor_config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"crop_size": 224, "size": 224}))
    weights_saved(CLIPModel(CLIPConfig(**sizes)), folder)


def write_vlm(folder: Path, sizes: dict[str, Any]) -> None:
    """A Qwen2-VL in bf16, but for its vocabulary."""
    write_tiny(folder, TinyVlm(kind="tiny", **sizes))
    path = folder / "model.safetensors"
    state = {
        name: (tensor * NARROWER if tensor.ndim > 1 else tensor).to(torch.bfloat16)
        for name, tensor in load_file(path).items()
    }
    save_file(state, path, metadata={"format": "pt"})


def write_checkpoints(folder: Path, sizes: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """Write the checkpoints that are missing; return the paper profile with them."""
    writers: dict[str, Callable[[Path, dict[str, Any]], None]]
    writers = {"text": write_text, "clip": write_clip, "vlm": write_vlm}
    profile = yaml.safe_load((ROOT / "config/profiles/paper.yaml").read_text())
    for name, write in writers.items():
        weights = folder / name / "model.safetensors"
        if not weights.is_file():
            weights.parent.mkdir(parents=True, exist_ok=True)
            write(weights.parent, sizes[name])
        encoder = profile["encoders"][name]
        encoder |= {"source": str(weights.parent), "sha256": sha256_file(weights)}
        del encoder["revision"]
    return profile


def costs(folder: Path) -> str:
    """A line for each job: seconds, and what Snakemake and the job say of memory."""
    lines = ["| Job | Seconds | Memory of the process [MiB] |", "|---|---|---|"]
    for path in sorted(folder.glob("results/benchmarks/**/*.jsonl")):
        row = json.loads(path.read_text().splitlines()[0])
        name = path.relative_to(folder / "results/benchmarks").with_suffix("")
        lines.append(f"| {name} | {float(row['s']):.1f} | {row['max_rss']} |")
    for path in sorted(folder.glob("results/costs/vlm/*/*.json")):
        lines += ["", f"{path.parent.name}: {json.dumps(json.loads(path.read_text()))}"]
    return "\n".join(lines)


def main() -> None:
    """Write checkpoints, run, print what each job took."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", required=True, type=Path, help="for checkpoints and the run")
    parser.add_argument("--sizes", choices=SIZES, default="real")
    parser.add_argument("--cores", default="all")
    given = parser.parse_args()
    folder = given.folder.resolve()
    profile = write_checkpoints(folder, SIZES[given.sizes])
    shutil.rmtree(folder / "run", ignore_errors=True)
    run = folder / "run"
    run.mkdir(parents=True)
    for part in PARTS:
        copy = shutil.copytree if (ROOT / part).is_dir() else shutil.copy2
        copy(ROOT / part, run / part)
    (run / "config/profiles/card.yaml").write_text(yaml.safe_dump(profile))
    command = [sys.executable, "-m", "snakemake", *TARGETS, "--cores", given.cores]
    command += ["--resources", "gpu=1", "--config", "profile=card"]
    environment = os.environ | {"HF_HUB_OFFLINE": "1"}
    done = subprocess.run(command, cwd=run, env=environment, check=False)
    print(costs(run))
    sys.exit(done.returncode)


if __name__ == "__main__":
    main()
