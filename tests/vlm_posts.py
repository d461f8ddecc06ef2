"""Small posts with images on disk, and settings small enough for a second of training."""

import pandas as pd
from PIL import Image

from mmsent.config.encoders import TinyVlm
from mmsent.config.vlm import VlmExperiment, ZeroShot
from mmsent.files import sha256_bytes, sha256_file

TINY = TinyVlm(kind="tiny", layers=1, vision_layers=1)

WORDS = ("awful sad", "on the table", "great joy")
COLOURS = ("navy", "grey", "gold")

#: 56 x 56 pixels at most: four tokens of an image.
SHARED = {"title": "tiny", "section": "8", "modality": "both", "prompt": "Mood?",
          "pixels": {"min": 784, "max": 3136}}  # fmt: skip


def settings(**changes):
    small = SHARED | {
        "lora": {"r": 4, "alpha": 8},
        "head": {"hidden": [16], "dropout": [0.1]},
        "optimiser": {"learning_rate": 5e-3},
        "schedule": {"epochs": 3, "kind": "cosine", "warmup_epochs": 0.3},
    }
    return VlmExperiment.model_validate(small | changes)


def zero_shot(**changes):
    return ZeroShot.model_validate(SHARED | {"batch_size": 3} | changes)


def write_posts(folder, number=24, unlabelled=3):
    """A posts table and a fold table; the images are written into the folder."""
    rows = []
    for n in range(number + unlabelled):
        label = n % 3
        name = f"{n}.png"
        # Sizes differ, so that batches are padded and images differ in their number of tokens.
        Image.new("RGB", (40 + 9 * (n % 4), 56), COLOURS[label]).save(folder / name)
        text = f"{WORDS[label]} " + "and so on " * (n % 5)
        rows.append({
            "guid": str(100 + n), "label": label if n < number else -1, "text": text,
            "image_file": name, "width": 40 + 9 * (n % 4), "height": 56,
            "text_blanked": False, "image_blanked": False,
            "text_sha256": sha256_bytes(text.encode()),
            "image_sha256": sha256_file(folder / name),
        })  # fmt: skip
    posts = pd.DataFrame(rows)
    labelled = posts[posts["label"] >= 0]
    order = (labelled.index // 3) % 4
    split = order.map({0: "test", 1: "validation", 2: "train", 3: "train"})
    folds = pd.DataFrame({"guid": labelled["guid"], "group": labelled["guid"],
                          "label": labelled["label"], "fold": (order != 0).astype(int),
                          "split_0": split})  # fmt: skip
    return posts, folds
