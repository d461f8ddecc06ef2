"""Frozen encoders: the right weights, states that depend on one post, files that contain them."""

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers import BertConfig, BertModel

from conftest import ROOT, write_rows
from mmsent.config.profile import load_profile
from mmsent.encoders.embeddings import BLANK, Embeddings
from mmsent.encoders.fused import fused
from mmsent.encoders.load import load_tower
from mmsent.encoders.timm_image import load_image_tower, load_matched
from mmsent.encoders.towers import ImageTower, masked_mean
from mmsent.encoders.transformers_towers import load_text_tower
from mmsent.encoders.weights import WeightsError, check_sha256, locate
from mmsent.files import sha256_file

ENCODERS = load_profile(ROOT / "config/profiles/offline.yaml").encoders


@pytest.fixture(scope="module")
def text_tower():
    return load_text_tower(ENCODERS.text)


@pytest.fixture(scope="module")
def image_tower():
    return load_image_tower(ENCODERS.image)


def test_other_weights_than_the_named_ones_are_refused(tmp_path):
    damaged = tmp_path / "weights.pth"
    damaged.write_bytes(b"not the weights")
    with pytest.raises(WeightsError, match="other weights"):
        check_sha256([damaged], ENCODERS.image.sha256)
    with pytest.raises(WeightsError, match="other weights"):
        load_text_tower(ENCODERS.text.model_copy(update={"sha256": "0" * 64}))


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("package:no_such_package/model", "no_such_package is not installed"),
        ("no/such/folder", "no such file or folder"),
    ],
)
def test_missing_weights_are_named(source, message):
    with pytest.raises(WeightsError, match=f"{source}: .*{message}"):
        locate(source)


def test_weights_that_do_not_fit_are_not_loaded():
    model = torch.nn.Linear(3, 4)
    with pytest.raises(WeightsError, match=r"contains 1 tensors, image\.architecture has 2"):
        load_matched(model, {"x": torch.zeros(4, 3)})
    with pytest.raises(RuntimeError, match="size mismatch for bias"):
        load_matched(model, {"x": torch.zeros(4, 3), "y": torch.zeros(5)})
    load_matched(model, {"x": torch.ones(4, 3), "y": torch.zeros(4)})
    assert (model.weight == 1).all()
    load_matched(model, {"bias": torch.ones(4), "weight": torch.zeros(4, 3)})
    assert (model.bias == 1).all(), "tensors of the same names are not matched by order"


def test_a_checkpoint_without_one_of_its_layers_is_refused(tmp_path):
    settings = BertConfig(vocab_size=20, hidden_size=8, num_hidden_layers=2, num_attention_heads=2,
                          intermediate_size=8)  # fmt: skip
    BertModel(settings).save_pretrained(tmp_path)
    path = tmp_path / "model.safetensors"
    weights = load_file(path)
    del weights["encoder.layer.1.output.dense.weight"]
    save_file(weights, path, metadata={"format": "pt"})
    changed = {"source": str(tmp_path), "sha256": sha256_file(path)}
    with pytest.raises(WeightsError, match=r"lack encoder\.layer\.1\.output\.dense\.weight"):
        load_text_tower(ENCODERS.text.model_copy(update=changed))


def test_the_masked_mean_leaves_padding_out():
    states = torch.tensor([[[1.0], [3.0], [100.0]]])
    assert masked_mean(states, torch.tensor([[1, 1, 0]])).item() == 2.0


def test_frozen_encoders_have_nothing_to_train(text_tower, image_tower):
    for model in (text_tower.model, image_tower.model):
        assert not model.training
        assert not any(parameter.requires_grad for parameter in model.parameters())


def test_an_encoder_pair_encodes_as_its_members_do(text_tower, image_tower):
    spec = ENCODERS.specification("clip")
    assert set(spec) == {"clip", "text", "image"}
    texts = ["so happy today", "sad"]
    of_pair, alone = load_tower(spec, "text").encode(texts), text_tower.encode(texts)
    for name in ("mean", "first", "summary"):
        assert torch.equal(of_pair[name], alone[name])
    images = torch.randint(0, 256, (1, 3, 224, 224), dtype=torch.uint8)
    assert torch.equal(load_tower(spec, "image").encode(images), image_tower.encode(images))


def test_images_are_normalised_once():
    tower = ImageTower(torch.nn.Conv2d(3, 3, 1), 2, 1.0, ENCODERS.image.mean, ENCODERS.image.std)
    torch.nn.init.dirac_(tower.model.weight)
    torch.nn.init.zeros_(tower.model.bias)
    extremes = torch.tensor([0, 255], dtype=torch.uint8).expand(1, 3, 2, 2)
    assert tower.encode(extremes).unique().tolist() == [-1.0, 1.0]


def test_embeddings_are_looked_up_by_guid_and_blanks_stand_in(tmp_path):
    write_rows(tmp_path / "e", {"state": np.array([[1.0], [2.0], [9.0]])}, ["7", "5", BLANK], {})
    embeddings = Embeddings(tmp_path / "e", "state")
    rows = embeddings.of(["5", "7", "7", "6"], [False, False, True, True])
    assert rows.ravel().tolist() == [2.0, 1.0, 9.0, 9.0]
    with pytest.raises(KeyError, match="no embedding for 1 posts"):
        embeddings.of(["6"], [False])
    with pytest.raises(KeyError, match="no array 'mean'"):
        Embeddings(tmp_path / "e", "mean")


def images(seed, number=16):
    generator = torch.Generator().manual_seed(seed)
    return torch.randint(256, (number, 3, 224, 224), generator=generator).to(torch.uint8)


def test_a_fused_network_returns_the_states_of_torch_whatever_the_company(image_tower):
    tower = image_tower.on(torch.device("cpu"), 16)
    assert tower.run is not None
    states = tower.encode(images(0))
    torch.testing.assert_close(states, image_tower.encode(images(0)), atol=1e-4, rtol=1e-4)
    mixed = torch.cat([images(1, 10), images(0)[10:]])
    assert torch.equal(tower.encode(mixed)[10:], states[10:])
    assert torch.equal(tower.encode(images(0)), states)


def test_a_network_that_onnx_lacks_is_refused_with_the_setting_that_helps():
    class Spectrum(torch.nn.Module):
        def forward(self, batch):
            return torch.special.bessel_j0(batch).mean((1, 2, 3))

    with pytest.raises(WeightsError, match=r"Spectrum cannot be written as ONNX.*fused: false"):
        fused(Spectrum(), (2, 3, 8, 8))
