import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file, save_file
from transformers import BertConfig, BertModel

from conftest import write_rows
from mmsent.config.encoders import load_models
from mmsent.encoders.clip import clip_image_tower, clip_text_tower
from mmsent.encoders.embeddings import BLANK, Embeddings, read_header
from mmsent.encoders.encode_text import encode_texts
from mmsent.encoders.passes import image_pass
from mmsent.encoders.pooling import masked_mean
from mmsent.encoders.posts import posts_of
from mmsent.encoders.reading import TextReading
from mmsent.encoders.timm_image import load_image_tower, matched
from mmsent.encoders.towers import ImageTower
from mmsent.encoders.transformers_text import load_text_tower
from mmsent.encoders.weights import WeightsError, check_sha256, locate
from mmsent.files import sha256_file


@pytest.fixture(scope="module")
def models():
    from conftest import ROOT

    return load_models(ROOT / "config/models/offline.yaml")


@pytest.fixture(scope="module")
def text_tower(models):
    return load_text_tower(models.text)


@pytest.fixture(scope="module")
def image_tower(models):
    return load_image_tower(models.image)


def text_index(texts):
    return pd.DataFrame({"guid": [str(n) for n in range(len(texts))], "text": texts})


def test_other_weights_than_the_named_ones_are_refused(models, tmp_path):
    damaged = tmp_path / "weights.pth"
    damaged.write_bytes(b"not the weights")
    with pytest.raises(WeightsError, match="other weights"):
        check_sha256(damaged, models.image.sha256)
    wrong = models.text.model_copy(update={"sha256": "0" * 64})
    with pytest.raises(WeightsError, match="other weights"):
        load_text_tower(wrong)


def test_missing_weights_are_named():
    with pytest.raises(WeightsError, match="no_such_package is not installed"):
        locate("package:no_such_package/model")
    with pytest.raises(WeightsError, match="nothing there"):
        locate("no/such/folder")


def test_weights_of_another_shape_do_not_slip_in():
    expected = {"a": torch.zeros(2, 3), "b": torch.zeros(4)}
    with pytest.raises(WeightsError, match="y has shape"):
        matched({"x": torch.zeros(2, 3), "y": torch.zeros(5)}, expected, "file")
    with pytest.raises(WeightsError, match="1 tensors"):
        matched({"x": torch.zeros(2, 3)}, expected, "file")


def test_a_checkpoint_without_one_of_its_layers_is_refused(models, tmp_path):
    settings = BertConfig(vocab_size=20, hidden_size=8, num_hidden_layers=2, num_attention_heads=2,
                          intermediate_size=8)  # fmt: skip
    BertModel(settings).save_pretrained(tmp_path)
    weights = load_file(tmp_path / "model.safetensors")
    del weights["encoder.layer.1.output.dense.weight"]
    save_file(weights, tmp_path / "model.safetensors", metadata={"format": "pt"})
    own = {"source": str(tmp_path), "sha256": sha256_file(tmp_path / "model.safetensors")}
    with pytest.raises(WeightsError, match=r"lack encoder\.layer\.1\.output\.dense\.weight"):
        load_text_tower(models.text.model_copy(update=own))


def test_the_masked_mean_leaves_padding_out():
    states = torch.tensor([[[1.0], [3.0], [100.0]]])
    assert masked_mean(states, torch.tensor([[1, 1, 0]])).item() == 2.0


def test_two_texts_differ_and_company_does_not_matter(text_tower):
    short, long = "so happy today", "this is terrible news for everybody who lives in the city " * 3
    alone = text_tower.encode([short])
    together = text_tower.encode([short, long])
    for pooling in ("mean", "first", "summary"):
        torch.testing.assert_close(alone[pooling][0], together[pooling][0], atol=1e-5, rtol=1e-4)
        # A state that is the same for every text would make the model image-only.
        assert (together[pooling][0] - together[pooling][1]).abs().max() > 0.1
    assert together["length"].tolist() == [5, alone["length"].item() + 30]


def test_lengths_count_the_tokens_that_are_cut_off(text_tower):
    lengths = text_tower.encode(["word " * 100])["length"]
    assert lengths.item() == 102 > text_tower.max_length


def test_frozen_encoders_have_nothing_to_train(text_tower, image_tower):
    for model in (text_tower.model, image_tower.model):
        assert not model.training
        assert not any(parameter.requires_grad for parameter in model.parameters())


def test_an_encoder_pair_encodes_as_its_members_do(models, text_tower, image_tower):
    spec = models.specification("clip")
    assert set(spec) == {"clip", "text", "image"}
    texts = ["so happy today", "sad"]
    of_pair, alone = clip_text_tower(spec).encode(texts), text_tower.encode(texts)
    for name in ("mean", "first", "summary"):
        assert torch.equal(of_pair[name], alone[name])
    images = torch.randint(0, 256, (1, 3, 224, 224), dtype=torch.uint8)
    assert torch.equal(clip_image_tower(spec).encode(images), image_tower.encode(images))


def test_pictures_are_normalised_once(models):
    tower = ImageTower(torch.nn.Conv2d(3, 3, 1), 2, 1.0, models.image.mean, models.image.std)
    torch.nn.init.dirac_(tower.model.weight)
    torch.nn.init.zeros_(tower.model.bias)
    extremes = torch.tensor([0, 255], dtype=torch.uint8).expand(1, 3, 2, 2)
    assert tower.encode(extremes).unique().tolist() == [-1.0, 1.0]


def test_embeddings_lie_in_the_order_of_the_index(text_tower):
    texts = ["a long text about the weather in the mountains", "hi", "good morning", "sad"]
    arrays = encode_texts(text_tower, text_index(texts), range(5), TextReading())
    for row, text in enumerate(texts):
        own = text_tower.encode([text])["mean"][0].numpy()
        np.testing.assert_allclose(arrays["mean"][row], own, atol=1e-5)
    # An empty text and a blanked one are the same to the encoder.
    empty = encode_texts(text_tower, text_index([""]), [0, 1], TextReading())
    np.testing.assert_allclose(empty["mean"][0], empty["mean"][1], atol=1e-6)


def test_unreadable_pictures_get_no_embedding(models, tmp_path):
    Image.new("RGB", (50, 40), "green").save(tmp_path / "1.jpg")
    index = pd.DataFrame(
        {"guid": ["1", "2"], "file": ["1.jpg", "2.jpg"], "sha256": ["a" * 64, "b" * 64],
         "problem": ["", "image the file is empty"]}
    )  # fmt: skip
    wanted = image_pass(posts_of(index), tmp_path, models.specification("image"), None, 0, 0)
    assert wanted.guids == ["1", BLANK]
    assert wanted.encode([0, 1])[0]["state"].shape == (2, 1280)


def test_embedding_files_are_the_same_bytes_each_time(tmp_path):
    array = np.arange(12, dtype=np.float32).reshape(3, 4)
    for name in ("a", "b"):
        write_rows(tmp_path / name, {"state": array, "n": np.arange(3)}, ["1", "2", BLANK],
                         {"z": 1, "a": "é"})  # fmt: skip
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    assert read_header(tmp_path / "a").settings == {"z": 1, "a": "é"}


def test_embeddings_are_found_by_guid_and_blanks_stand_in(tmp_path):
    write_rows(tmp_path / "e", {"state": np.array([[1.0], [2.0], [9.0]])}, ["7", "5", BLANK], {})
    embeddings = Embeddings(tmp_path / "e", "state")
    assert embeddings.of(["5", "7", "7", "6"], [False, False, True, True]).ravel().tolist() == [
        2.0, 1.0, 9.0, 9.0,
    ]  # fmt: skip
    with pytest.raises(KeyError, match="no embedding for 1 posts"):
        embeddings.of(["6"], [False])
    with pytest.raises(KeyError, match="no array 'mean'"):
        Embeddings(tmp_path / "e", "mean")


def test_bad_embeddings_are_not_written(tmp_path):
    with pytest.raises(ValueError, match="2 rows for 3 guids"):
        write_rows(tmp_path / "e", {"s": np.zeros((2, 1))}, ["1", "2", BLANK])
    with pytest.raises(ValueError, match="not finite"):
        write_rows(tmp_path / "e", {"s": np.array([[1e6]])}, [BLANK])
    assert not (tmp_path / "e").exists()
