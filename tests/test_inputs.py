import numpy as np
import pandas as pd
import pytest
import torch

from conftest import write_rows
from mmsent.encoders.embeddings import BLANK
from mmsent.plan.resolve import resolve
from mmsent.training.inputs import Inputs, load_inputs

GUIDS = ["1", "2", "3", "4", "5", "6"]
VALUES = np.arange(7, dtype=np.float32)[:, None]


@pytest.fixture
def tables(tmp_path):
    """Post 2 has no image, post 6 no label. A vector is its row's number and its view's."""
    posts = pd.DataFrame(
        {"guid": GUIDS, "label": [0, 1, 2, 2, 0, -1], "text_blanked": [False] * 6,
         "image_blanked": [False, True, False, False, False, False]}
    )  # fmt: skip
    folds = pd.DataFrame(
        {"guid": GUIDS[:5], "split_0": ["train", "train", "validation", "test", "test"],
         "split_1": ["test", "train", "train", "train", "validation"]}
    )  # fmt: skip
    views_of(tmp_path, "text", lambda view: {"mean": VALUES + 1000 * view}, 3)
    views_of(tmp_path, "image", lambda view: {"state": VALUES + 100 * (view + 1)}, 3)
    return posts, folds, tmp_path


def views_of(folder, name, arrays, views):
    for view in range(views):
        write_rows(folder / f"{name}{view}", arrays(view), [*GUIDS, BLANK])


def load(tables, name, fold=0, text=1, images=3):
    posts, folds, folder = tables
    experiment = resolve(name, {}).settings
    files = {
        key: [folder / f"{key}{view}" for view in range(views)]
        for key, views in (("text", text), ("image", images))
    }
    return load_inputs(experiment, posts, folds, fold, files)


def test_posts_are_in_the_splits_of_the_fold_table(tables):
    guids = {split: part.guids for split, part in load(tables, "v4_balanced_clip").items()}
    assert guids == {
        "train": ["1", "2"], "validation": ["3"], "test": ["4", "5"], "unlabelled": ["6"],
        "test_without_text": ["4", "5"], "test_without_image": ["4", "5"],
    }  # fmt: skip
    assert load(tables, "v4_balanced_clip", fold=1)["test"].guids == ["1"]


def test_labels_of_test_posts_are_hidden_from_training(tables):
    parts = load(tables, "v4_balanced_clip")
    assert parts["train"].labels.tolist() == [0, 1]
    assert parts["validation"].labels.tolist() == [2]
    assert parts["test"].labels.tolist() == [-1, -1]


def test_augmented_images_are_for_training_alone(tables):
    parts = load(tables, "v4_balanced_clip")
    train = parts["train"]
    assert train.embeddings["image"][0].ravel().tolist() == [100, 200, 300]
    drawn = [train.batch(torch.tensor([0, 0]), torch.Generator().manual_seed(n))["image"]
             for n in range(40)]  # fmt: skip
    assert {value.item() for batch in drawn for value in batch} == {100, 200, 300}
    assert train.batch(torch.tensor([0]))["image"].item() == 100
    for split in ("validation", "test", "unlabelled"):
        assert parts[split].embeddings["image"].shape[1] == 1
    assert parts["test"].embeddings["image"].ravel().tolist() == [103, 104]
    # A blanked image is the blank one in every view.
    assert train.embeddings["image"][1].ravel().tolist() == [106, 206, 306]
    assert train.embeddings["text"][1].item() == 1


def test_augmented_texts_are_for_training_alone(tables):
    parts = load(tables, "v6_adaptive", text=3)
    assert parts["train"].embeddings["text"][0].ravel().tolist() == [0, 1000, 2000]
    for split in ("validation", "test", "unlabelled"):
        assert parts[split].embeddings["text"].shape[1] == 1
        assert parts[split].embeddings["text"].max() < 1000
    # Views of text and image are drawn independently of each other.
    generator = torch.Generator().manual_seed(0)
    drawn = [parts["train"].batch(torch.tensor([0]), generator) for _ in range(60)]
    pairs = {(batch["text"].item(), batch["image"].item()) for batch in drawn}
    assert len(pairs) == 9


def test_a_modality_is_blanked_for_the_test_posts_alone(tables):
    parts = load(tables, "v4_balanced_clip")
    blank_text, blank_image = 6, 106
    for split, text, image in (
        ("test", [3, 4], [103, 104]),
        ("test_without_text", [blank_text] * 2, [103, 104]),
        ("test_without_image", [3, 4], [blank_image] * 2),
    ):
        assert parts[split].embeddings["text"].ravel().tolist() == text
        assert parts[split].embeddings["image"].ravel().tolist() == image
        assert parts[split].labels.tolist() == [-1, -1]


def test_single_modalities_read_nothing_of_the_other(tables):
    text = load(tables, "ablation/text_only", images=0)
    image = load(tables, "ablation/image_only", text=0)
    assert text["train"].embeddings.keys() == {"text"}
    assert image["train"].embeddings.keys() == {"image"}
    assert torch.equal(text["train"].labels, image["train"].labels)
    # Without its only modality nothing would be left of a post.
    assert text.keys() == image.keys() == {"train", "validation", "test", "unlabelled"}


@pytest.mark.parametrize(("name", "files"), [
    ("v4_balanced_clip", {"images": 2}), ("v4_balanced_clip", {"text": 0}),
    ("ablation/text_only", {"images": 3}),
])  # fmt: skip
def test_missing_or_superfluous_embeddings_are_an_error(tables, name, files):
    with pytest.raises(ValueError, match="needs"):
        load(tables, name, **files)


def test_token_states_come_with_their_number_and_pixels_as_bytes(tables):
    states = np.random.default_rng(0).normal(size=(7, 5, 4)).astype(np.float32)
    tokens = np.arange(1, 8, dtype=np.int32)
    pixels = np.random.default_rng(0).integers(0, 256, (7, 3, 8, 8), dtype=np.uint8)
    views_of(tables[2], "text", lambda _: {"states": states, "tokens": tokens}, 1)
    views_of(tables[2], "image", lambda _: {"pixels": pixels}, 3)
    train = load(tables, "v2_enhanced")["train"]
    batch = train.batch(torch.tensor([0, 1]))
    assert batch["text"].shape == (2, 5, 4)
    assert batch["text_tokens"].tolist() == [1, 2]
    assert batch["image"].dtype == torch.uint8
    assert np.array_equal(batch["image"][0], pixels[0])
    assert np.array_equal(batch["image"][1], pixels[6])  # post 2 is blanked
    assert train.sizes["text"] == 4


def states_of_texts(views):
    """Three posts whose states and numbers of tokens identify the view."""
    tokens = torch.tensor([[3, 30], [1, 10], [2, 20]])[:, :views]
    states = tokens[:, :, None, None].float().expand(3, views, 40, 2)
    return Inputs(["1", "2", "3"], torch.zeros(3, dtype=torch.int64),
                  {"text": states, "text_tokens": tokens})  # fmt: skip


def test_the_number_of_tokens_is_that_of_the_drawn_view():
    inputs = states_of_texts(2)
    generator = torch.Generator().manual_seed(0)
    seen = set()
    for _ in range(20):
        batch = inputs.batch(torch.tensor([0, 1, 2]), generator)
        assert batch["text"][:, 0, 0].tolist() == batch["text_tokens"].tolist()
        seen |= set(batch["text_tokens"].tolist())
    assert seen == {1, 2, 3, 10, 20, 30}


def test_posts_are_sorted_by_length_only_if_texts_are_padded():
    assert states_of_texts(1).by_length(torch.tensor([0, 2, 1])).tolist() == [1, 2, 0]
    vectors = Inputs(["1", "2"], torch.zeros(2), {"text": torch.zeros(2, 1, 4)})
    assert vectors.by_length(torch.tensor([1, 0])).tolist() == [1, 0]
