"""Checkpoints in the formats of the real ones, small: the same code loads them."""

import json
import pickle
import shutil
from pathlib import Path
from unittest.mock import Mock

import numpy as np
import open_clip
import pandas as pd
import pytest
import torch
from open_clip.tokenizer import SimpleTokenizer
from PIL import Image
from safetensors.numpy import load_file
from safetensors.torch import save_file
from transformers import AutoTokenizer, CLIPImageProcessor

import checkpoints
from mmsent.config.encoders import OpenClip, TextEncoder, TransformersClip
from mmsent.config.validation import ConfigError
from mmsent.encoders.embeddings import BLANK, read_header
from mmsent.encoders.encode import encode_views
from mmsent.encoders.layers import TopLayers, load_top_layers, states_below
from mmsent.encoders.load import load_tower
from mmsent.encoders.text_rows import text_rows
from mmsent.encoders.towers import masked_mean
from mmsent.encoders.transformers_towers import load_text_tower
from mmsent.encoders.weights import WeightsError, weight_files
from mmsent.files import sha256_file

TEXTS = [
    "so happy today",
    "this is terrible news for everybody who lives in the city",
    "I hate the bad weather, café!",
]
VIEW = {"cleaning": "none", "max_tokens": 0, "below": 0, "policy": None, "number": 0, "seed": 0}

BUILDERS = {
    "deberta-v1": checkpoints.deberta_v1,
    "deberta-v3": checkpoints.deberta_v2,
    "deberta-v2": lambda folder, **more: checkpoints.deberta_v2(folder, conv_kernel_size=3, **more),
    "bert": checkpoints.bert,
}


@pytest.fixture(autouse=True)
def no_network(monkeypatch, in_root):
    """No test connects to a host, and not because of offline mode."""
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", False)
    connect = Mock(side_effect=OSError("no network"))
    monkeypatch.setattr("socket.getaddrinfo", connect)
    yield
    connect.assert_not_called()


@pytest.fixture(scope="module", params=BUILDERS)
def encoder(request, tmp_path_factory):
    """Settings, original model, and folder of a text encoder."""
    folder = tmp_path_factory.mktemp(request.param)
    model = BUILDERS[request.param](folder)
    return text_spec(folder), model, folder


def text_spec(folder, **more):
    sha256 = sha256_file(weight_files(folder)[0])
    settings = {"kind": "transformers", "source": str(folder), "sha256": sha256, "max_length": 48}
    return {"text": TextEncoder(**settings | more).model_dump()}


def text_tower(spec):
    return load_tower(spec, "text")


def image_tower(spec):
    return load_tower(spec, "image")


def table_of(texts):
    return pd.DataFrame({"guid": [str(number) for number in range(len(texts))], "text": texts})


def encoded_texts(spec, out, texts=TEXTS, **changes):
    files, table = {"view": out}, table_of(texts)
    stored = {"view": out.with_name("stored")}
    encode_views(table, spec, "text", {"view": VIEW | changes}, stored, files, Path(), 0, 1)
    assert read_header(out).guids == [*table["guid"], BLANK]
    return load_file(out)


def encoded_images(spec, folder):
    """Encode two images of 32 pixels, so that no view resizes them."""
    draw = np.random.default_rng(0)
    for guid in ("1", "2"):
        content = draw.integers(0, 256, (32, 32, 3), dtype=np.uint8)
        Image.fromarray(content).save(folder / f"{guid}.png")
    index = pd.DataFrame(
        {"guid": ["1", "2"], "file": ["1.png", "2.png"], "sha256": ["a" * 64, "b" * 64],
         "width": [32, 32]}
    )  # fmt: skip
    view = {"view": {"policy": None, "number": 0, "seed": 0}}
    stored, out = {"view": folder / "stored"}, folder / "out"
    encode_views(index, spec, "image", view, stored, {"view": out}, folder, 0, 1)
    return load_file(out), read_header(out).parameters


def close(actual, expected):
    """Equal but for the half precision of stored embeddings."""
    np.testing.assert_allclose(actual, expected.detach().numpy(), atol=4e-3, rtol=2e-3)


def test_stored_states_are_those_of_the_original_model(encoder, tmp_path):
    spec, model, folder = encoder
    stored = encoded_texts(spec, tmp_path / "e")
    tokenizer = AutoTokenizer.from_pretrained(folder)
    for row, text in enumerate([*TEXTS, "[EMPTY]"]):
        tokens = tokenizer(text, return_tensors="pt")
        with torch.no_grad():
            states = model(**tokens).last_hidden_state[0]
        close(stored["mean"][row], states.mean(0))
        close(stored["first"][row], states[0])
        close(stored["summary"][row], states[0])
        assert stored["length"][row] == len(states)
    for name in ("mean", "first", "summary"):
        assert np.abs(stored[name][0] - stored[name][1]).max() > 0.1
    assert read_header(tmp_path / "e").parameters >= sum(
        p.numel() for name, p in model.named_parameters() if not name.startswith("pooler.")
    )
    same_in_any_company(spec)


def same_in_any_company(spec):
    """A text's states depend on it alone: whatever the padding, and to the bit where stored."""
    tower = text_tower(spec)
    table = table_of([*TEXTS, *["word"] * 20])

    def rows(numbers):
        return text_rows(tower, table, {"view": VIEW}, {"view": numbers}, 0, 1)["view"][0][1]

    whole = rows(range(24))
    for row in (0, 1, 2, 23):
        for name, array in rows([row]).items():
            assert (array[0] == whole[name][row]).all(), (row, name)
    alone, together = tower.encode(TEXTS[:1]), tower.encode(TEXTS)
    for name in ("mean", "first", "summary"):
        torch.testing.assert_close(alone[name][0], together[name][0], atol=1e-5, rtol=1e-4)


def test_texts_are_cut_off_where_asked(encoder, tmp_path):
    stored = encoded_texts(encoder[0], tmp_path / "e", max_tokens=4)
    tower = text_tower(encoder[0])
    assert tower.tokens(TEXTS, 4)["attention_mask"].shape == (3, 4)
    close(stored["mean"][1], tower.encode(TEXTS, 4)["mean"][1])
    assert stored["length"][1] > 4
    # More than the encoder's own length is no more.
    assert tower.limit(1000) == tower.limit(0) == 48


def test_whole_words_are_one_token_in_running_text(encoder):
    tower = text_tower(encoder[0])
    words = tower.whole_words()
    assert {"good", "weather", "the"} <= words.keys()
    assert all(len(word) >= 3 and word.isalpha() and word == word.lower() for word in words)
    for word in ("good", "weather"):
        ids = tower.tokenizer(f"what a {word} day")["input_ids"]
        assert ids.count(words[word]) == 1
        assert ids[-2] == words["day"]
    assert max(words.values()) < len(tower.input_embeddings())


def test_weights_that_nothing_pins_are_refused_with_their_hash(tmp_path):
    checkpoints.bert(tmp_path)
    path = tmp_path / "model.safetensors"
    unpinned = TextEncoder(kind="transformers", source=str(tmp_path))
    with pytest.raises(WeightsError, match=f"{path}.*\n  sha256: {sha256_file(path)}"):
        load_text_tower(unpinned)
    with pytest.raises(WeightsError, match=f"SHA-256 is {sha256_file(path)}.*{'0' * 64}"):
        load_text_tower(unpinned.model_copy(update={"sha256": "0" * 64}))


def test_split_weights_are_pinned_together(tmp_path):
    model = checkpoints.bert(tmp_path)
    (tmp_path / "model.safetensors").unlink()
    model.save_pretrained(tmp_path, max_shard_size="20KB")
    assert len(weight_files(tmp_path)) > 2
    spec = TextEncoder(kind="transformers", source=str(tmp_path))
    with pytest.raises(WeightsError, match=r"sha256: [0-9a-f]{64}") as refused:
        load_text_tower(spec)
    pinned = spec.model_copy(update={"sha256": str(refused.value)[-64:]})
    loaded = load_text_tower(pinned).model.state_dict()
    assert all(torch.equal(tensor, loaded[name]) for name, tensor in model.state_dict().items())


class Harmful:
    def __reduce__(self):
        return Path.touch, (Path("harm"),)


def test_no_code_in_pickled_weights_runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    checkpoints.deberta_v1(tmp_path / "m")
    torch.save({"x": Harmful()}, tmp_path / "m/pytorch_model.bin")
    checkpoints.open_clip_settings(tmp_path / "c")
    (tmp_path / "c/open_clip_pytorch_model.bin").write_bytes(pickle.dumps({"x": Harmful()}))
    (tmp_path / "vit.pt").write_bytes(pickle.dumps({"x": Harmful()}))
    for spec in (text_spec(tmp_path / "m"), open_spec(tmp_path / "c"),
                 open_spec(tmp_path / "vit.pt", architecture="ViT-B-32")):  # fmt: skip
        with pytest.raises(WeightsError, match="more than tensors"):
            text_tower(spec)
    assert not (tmp_path / "harm").exists()


def test_a_half_precision_checkpoint_is_encoded_in_single(tmp_path):
    model = checkpoints.bert(tmp_path)
    model.config.dtype = "float16"
    checkpoints.weights_saved(model.half(), tmp_path)
    tower = text_tower(text_spec(tmp_path))
    assert {parameter.dtype for parameter in tower.model.parameters()} == {torch.float32}


def test_settings_that_do_not_fit_a_checkpoint_are_refused(tmp_path):
    checkpoints.bert(tmp_path)
    with pytest.raises(WeightsError, match="max_length is 512, it has 64 positions"):
        text_tower(text_spec(tmp_path, max_length=512))
    with pytest.raises(WeightsError, match="a BertModel, not a CLIPModel"):
        text_tower({"clip": text_spec(tmp_path)["text"]})


def test_a_sentencepiece_tokenizer_is_read(tmp_path):
    from sentencepiece import SentencePieceProcessor, SentencePieceTrainer

    with (tmp_path / "spm.model").open("wb") as stream:
        SentencePieceTrainer.train(
            sentence_iterator=iter(checkpoints.CORPUS), model_writer=stream, vocab_size=90,
            hard_vocab_limit=False, pad_id=0, bos_id=1, eos_id=2, unk_id=3,
            pad_piece="[PAD]", bos_piece="[CLS]", eos_piece="[SEP]", unk_piece="[UNK]",
        )  # fmt: skip
    settings = {"do_lower_case": False, "vocab_type": "spm"}
    (tmp_path / "tokenizer_config.json").write_text(json.dumps(settings))
    pieces = SentencePieceProcessor(model_file=str(tmp_path / "spm.model"))
    checkpoints.deberta_v2_model(tmp_path, len(pieces) + 1)
    tower = text_tower(text_spec(tmp_path))
    for text in TEXTS[:2]:
        assert tower.tokenizer(text)["input_ids"] == [1, *pieces.encode(text), 2]
    assert tower.tokenizer.mask_token_id == len(pieces)
    encoded = tower.encode(TEXTS)
    assert (encoded["mean"][0] - encoded["mean"][1]).abs().max() > 0.1


HUB_ID, REVISION = "someone/tiny", "0123456789abcdef0123456789abcdef01234567"


@pytest.fixture
def hub_cache(tmp_path, monkeypatch):
    """An empty cache of the hub, in offline mode."""
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "hub"))
    return tmp_path / "hub"


def test_a_hub_id_is_read_from_the_cache(hub_cache):
    spec = TextEncoder(kind="transformers", source=HUB_ID, revision=REVISION)
    with pytest.raises(WeightsError, match=f"^{HUB_ID} at revision {REVISION} cannot be fetched"):
        load_text_tower(spec)
    model = checkpoints.deberta_v1(hub_cache / "models--someone--tiny/snapshots" / REVISION)
    loaded = load_text_tower(spec).model.state_dict()
    assert all(torch.equal(model.state_dict()[name], tensor) for name, tensor in loaded.items())
    with pytest.raises(WeightsError, match="other weights"):
        load_text_tower(spec.model_copy(update={"sha256": "0" * 64}))


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    """Specification, original model, and folder of a CLIP of transformers."""
    folder = tmp_path_factory.mktemp("clip")
    model = checkpoints.transformers_clip(folder)
    sha256 = sha256_file(folder / "model.safetensors")
    settings = TransformersClip(kind="transformers", source=str(folder), sha256=sha256)
    return {"clip": settings.model_dump()}, model, folder


def test_the_text_states_of_transformers_clip_are_those_before_projection(clip, tmp_path):
    spec, model, folder = clip
    stored = encoded_texts(spec, tmp_path / "e")
    tokenizer = AutoTokenizer.from_pretrained(folder)
    for row, text in enumerate(TEXTS):
        tokens = tokenizer(text, return_tensors="pt")
        with torch.no_grad():
            out = model.text_model(**tokens)
        close(stored["mean"][row], out.last_hidden_state[0].mean(0))
        close(stored["summary"][row], out.pooler_output[0])
        assert stored["length"][row] == tokens["input_ids"].shape[1]
    # The first token sees no other: it says the same of every text, the others do not.
    assert np.abs(stored["first"][0] - stored["first"][1]).max() < 1e-3
    for name in ("mean", "summary"):
        assert np.abs(stored[name][0] - stored[name][1]).max() > 0.1
    own = sum(parameter.numel() for parameter in model.text_model.parameters())
    assert read_header(tmp_path / "e").parameters == own
    same_in_any_company(spec)


def test_the_image_states_of_transformers_clip(clip, tmp_path):
    spec, model, folder = clip
    stored, parameters = encoded_images(spec, tmp_path)
    processor = CLIPImageProcessor.from_pretrained(folder)
    for row in (0, 1):
        picture = Image.open(tmp_path / f"{row + 1}.png")
        pixels = processor(picture, return_tensors="pt")["pixel_values"]
        with torch.no_grad():
            close(stored["state"][row], model.vision_model(pixels).last_hidden_state[0, 0])
    assert parameters == sum(p.numel() for p in model.vision_model.parameters())


def open_spec(source, **more):
    """Settings of a folder of open_clip or, with an architecture, of a file of weights."""
    files = [source / "open_clip_model.safetensors", source / "open_clip_pytorch_model.bin", source]
    sha256 = sha256_file(next(path for path in files if path.is_file()))
    settings = {"source": str(source), "sha256": sha256, "max_length": 16} | more
    return {"clip": OpenClip(kind="open_clip", **settings).model_dump()}


@pytest.fixture(scope="module")
def native(tmp_path_factory):
    """Original model and folder of a CLIP of open_clip with a text encoder of its own."""
    folder = tmp_path_factory.mktemp("native")
    return checkpoints.open_clip_model(folder), folder


def test_the_text_states_of_open_clip_are_those_before_projection(native, tmp_path):
    model, folder = native
    spec = open_spec(folder, max_length=24)
    texts = [*TEXTS, "wow!!! ! !"]  # it pads with the id of "!"
    stored = encoded_texts(spec, tmp_path / "e", texts)
    with torch.no_grad():
        projected = model.encode_text(SimpleTokenizer(context_length=24)(texts))
    close(torch.tensor(stored["summary"][:4]).float() @ model.text_projection.detach(), projected)
    for row, text in enumerate(texts):
        tokens = [49406, *SimpleTokenizer().encode(text), 49407]
        assert stored["length"][row] == len(tokens)
        # The means by hand, one text at a time and without padding.
        with torch.no_grad():
            states = model.token_embedding(torch.tensor([tokens]))
            states = states + model.positional_embedding[: len(tokens)]
            mask = model.attn_mask[: len(tokens), : len(tokens)]
            states = model.ln_final(model.transformer(states, attn_mask=mask))
        close(stored["mean"][row], states[0].mean(0))
    assert np.abs(stored["mean"][0] - stored["mean"][1]).max() > 0.1
    assert np.abs(stored["first"][0] - stored["first"][1]).max() < 1e-3
    same_in_any_company(spec)


def test_open_clip_cuts_texts_off_and_keeps_their_end(native):
    model, folder = native
    tower = text_tower(open_spec(folder))
    cut = tower.encode([TEXTS[1]], 6)
    ids = torch.zeros(1, 24, dtype=torch.long)
    ids[0, :6] = torch.tensor([49406, *SimpleTokenizer().encode(TEXTS[1])[:4], 49407])
    with torch.no_grad():
        torch.testing.assert_close(cut["summary"] @ model.text_projection, model.encode_text(ids))
    assert cut["length"].item() > 6
    assert tower.limit(1000) == 16
    with pytest.raises(WeightsError, match="max_length is 77, the model has 24 positions"):
        text_tower(open_spec(folder, max_length=77))
    assert tower.ids(["happy"]) == [[tower.whole_words()["happy"]]]


def test_the_image_states_of_open_clip(native, tmp_path):
    model, folder = native
    stored, parameters = encoded_images(open_spec(folder), tmp_path)
    _, preprocess = open_clip.create_model_from_pretrained(f"local-dir:{folder}")
    batch = torch.stack([preprocess(Image.open(tmp_path / f"{n}.png")) for n in (1, 2)])
    state = torch.tensor(stored["state"][:2]).float()
    with torch.no_grad():
        close(model.visual.ln_post(state) @ model.visual.proj, model.encode_image(batch))
    assert (
        parameters < sum(p.numel() for p in model.visual.parameters()) - model.visual.proj.numel()
    )
    tower = image_tower(open_spec(folder))
    assert (tower.mean, tower.std, tower.size) == ([0.5] * 3, [0.25] * 3, 32)


def test_a_siglip_of_open_clip(tmp_path):
    model = checkpoints.open_clip_siglip(tmp_path)
    text, spec = model.text, open_spec(tmp_path)
    encoded, cut = text_tower(spec).encode([*TEXTS, ""]), text_tower(spec).encode(TEXTS, 6)
    tokenizer = open_clip.get_tokenizer(f"local-dir:{tmp_path}")
    ids, cut_ids = tokenizer([*TEXTS, ""]), tokenizer(TEXTS, context_length=6)
    pixels = torch.randint(0, 256, (2, 3, 160, 160), dtype=torch.uint8)
    with torch.no_grad():
        torch.testing.assert_close(text.text_projection(encoded["summary"]), model.encode_text(ids))
        projected = model.encode_text(torch.nn.functional.pad(cut_ids, (0, 10)))
        torch.testing.assert_close(text.text_projection(cut["summary"]), projected)
        # Padding takes part in the transformer, but not in the mean.
        states = text.token_embedding(ids) + text.positional_embedding
        states = text.ln_final(text.transformer(states))
        for row, length in enumerate((ids != 0).sum(1)):
            torch.testing.assert_close(encoded["mean"][row], states[row, :length].mean(0))
        expected = model.encode_image((pixels / 255 - 0.5) / 0.25)
    torch.testing.assert_close(image_tower(spec).encode(pixels), expected, atol=1e-5, rtol=1e-4)
    assert encoded["length"][3] == 1
    assert (encoded["mean"][0] - encoded["mean"][1]).abs().max() > 0.01
    same_in_any_company(spec)


def test_a_file_of_weights_goes_with_an_architecture_of_open_clip(native, tmp_path):
    model, folder = native
    (tmp_path / "ViT-tiny.json").write_text(json.dumps(checkpoints.OPEN_CLIP))
    open_clip.add_model_config(tmp_path / "ViT-tiny.json")
    torch.save({"epoch": 1, "state_dict": model.state_dict()}, tmp_path / "weights.pt")
    spec = open_spec(tmp_path / "weights.pt", architecture="ViT-tiny")
    for name, states in text_tower(spec).encode(TEXTS).items():
        assert torch.equal(states, text_tower(open_spec(folder)).encode(TEXTS)[name])
    with pytest.raises(WeightsError, match="other weights"):
        text_tower({"clip": spec["clip"] | {"sha256": "0" * 64}})
    for architecture, message in {
        "ViT-B32": "no model 'ViT-B32'.*did you mean 'ViT-B-32'",
        "ViT-B-16-SigLIP": "'timm/ViT-B-16-SigLIP' .* whatever revision",
        "ViT-S-32-alt": "cannot be loaded: ",
    }.items():
        with pytest.raises(WeightsError, match=message):
            text_tower(open_spec(tmp_path / "weights.pt", architecture=architecture))


def test_the_weights_of_open_clip_are_those_that_are_pinned(native, tmp_path, hub_cache):
    model, folder = native
    path = folder / "open_clip_model.safetensors"
    with pytest.raises(WeightsError, match=f"sha256: {sha256_file(path)}"):
        image_tower(open_spec(folder, sha256=None))
    with pytest.raises(WeightsError, match="other weights"):
        text_tower(open_spec(folder, sha256="0" * 64))
    settings = {"source": HUB_ID, "revision": REVISION, "max_length": 16}
    pinned = {"clip": OpenClip(kind="open_clip", **settings).model_dump()}
    cached = hub_cache / "models--someone--tiny/snapshots" / REVISION
    shutil.copytree(folder, cached)
    # Of several files, the one that was checked is the one that is loaded.
    others = {name: tensor + 1 for name, tensor in model.state_dict().items()}
    torch.save(others, cached / "open_clip_pytorch_model.bin")
    save_file(others, cached / "model.safetensors")
    for spec in (pinned, open_spec(cached)):
        loaded = text_tower(spec).model.state_dict()
        assert torch.equal(loaded["positional_embedding"], model.positional_embedding)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"text_cfg": {"hf_model_name": "roberta-base"}}, "hf_model_name.*not supported"),
        ({"vision_cfg": {"timm_model_name": "hf-hub:a/b"}}, "timm_model_name.*not supported"),
        ({"multimodal_cfg": {"width": 8}}, "CoCa .*not supported"),
        ({"text_cfg": {"tokenizer_kwargs": {"strip_sep_token": True}}}, "CLIPA .*not supported"),
        ({"text_cfg": {"tokenizer_mode": "clips"}}, "CLIPS .*not supported"),
        ({"vision_cfg": {"layers": [1, 1, 1, 1]}}, "ResNet .*not supported"),
        ({"vision_cfg": checkpoints.OPEN_CLIP["vision_cfg"] | {"layers": 3}}, r"resblocks\.2"),
    ],
)
def test_models_of_open_clip_that_cannot_be_read_are_refused(native, tmp_path, changes, message):
    checkpoints.open_clip_settings(tmp_path, **changes)
    shutil.copy(native[1] / "open_clip_model.safetensors", tmp_path)
    for tower in (text_tower, image_tower):
        with pytest.raises(WeightsError, match=f"(?s){message}"):
            tower(open_spec(tmp_path))


@pytest.mark.parametrize("trained", [1, 2])
def test_trained_layers_above_stored_states_are_the_whole_encoder(encoder, trained):
    spec, _, _ = encoder
    tower = text_tower(spec)
    lower = states_below(tower, TEXTS, trained)
    mask = tower.tokens(TEXTS)["attention_mask"]
    assert lower["tokens"].tolist() == mask.sum(1).tolist()
    top = load_top_layers(spec, trained)
    with torch.no_grad():
        whole = tower.model(**tower.tokens(TEXTS)).last_hidden_state
        last = top(lower["states"], mask)
        longer = top(torch.nn.functional.pad(lower["states"], (0, 0, 0, 5)),
                     torch.nn.functional.pad(mask, (0, 5)))  # fmt: skip
    own = mask.bool()
    torch.testing.assert_close(last[own], whole[own], atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(longer[:, : mask.shape[1]][own], whole[own], atol=1e-5, rtol=1e-5)


def test_gradients_reach_the_trained_layers_alone(encoder):
    spec, model, _ = encoder
    tower = text_tower(spec)
    for trained in (1, model.config.num_hidden_layers):
        top = load_top_layers(spec, trained).train()
        lower = states_below(tower, TEXTS, trained)
        top(lower["states"], tower.tokens(TEXTS)["attention_mask"]).square().sum().backward()
        layers = {name for name, _ in top.named_parameters() if ".encoder.layer." in name}
        assert {name for name, p in top.named_parameters() if p.grad is not None} == layers
        assert {name for name, p in top.named_parameters() if p.requires_grad} == layers
        numbers = {int(name.split(".encoder.layer.")[1].split(".")[0]) for name in layers}
        assert numbers == set(range(trained))
        assert not any("embeddings.word" in name for name, _ in top.named_parameters())


def test_trained_layers_draw_dropout_in_training_and_nothing_while_they_are_loaded(encoder):
    tower = text_tower(encoder[0])
    lower, mask = states_below(tower, TEXTS, 1)["states"], tower.tokens(TEXTS)["attention_mask"]
    torch.manual_seed(0)
    top = load_top_layers(encoder[0], 1)
    drawn = torch.rand(1)
    torch.manual_seed(0)
    assert torch.equal(drawn, torch.rand(1))
    with torch.no_grad():
        assert torch.equal(top(lower, mask), top(lower, mask))
        top.train()
        assert not torch.equal(top(lower, mask), top(lower, mask))


def test_states_below_are_stored_with_their_number_of_tokens(encoder, tmp_path):
    stored = encoded_texts(encoder[0], tmp_path / "e", below=1)
    tower = text_tower(encoder[0])
    longest = int(tower.encode(TEXTS)["length"].max())
    assert stored["states"].dtype == np.float16
    assert stored["states"].shape == (4, longest, 32)
    assert stored["tokens"].dtype == stored["length"].dtype == np.int32
    top = load_top_layers(encoder[0], 1)
    mask = (torch.arange(longest) < torch.tensor(stored["tokens"])[:, None]).long()
    assert (stored["states"][mask.numpy() == 0] == 0).all()
    with torch.no_grad():
        last = top(torch.tensor(stored["states"]), mask)
    expected = tower.encode([*TEXTS, "[EMPTY]"])["mean"]
    torch.testing.assert_close(masked_mean(last, mask), expected, atol=1e-2, rtol=1e-2)


def test_layers_that_are_not_there_are_refused(encoder, clip, tmp_path):
    spec, model, _ = encoder
    message = f"trained_layers is 9, but .* {model.config.num_hidden_layers} layers"
    for wrong, reason in ((spec, message), (clip[0], "not with clip")):
        with pytest.raises(ConfigError, match=reason):
            load_top_layers(wrong, 9)
        with pytest.raises(ConfigError, match=reason):
            encoded_texts(wrong, tmp_path / "e", below=9)


def test_an_architecture_that_does_more_between_layers_is_refused(encoder, monkeypatch):
    monkeypatch.setattr(TopLayers, "forward", lambda self, states, mask: states)
    with pytest.raises(ConfigError, match="does more between its layers"):
        load_top_layers(encoder[0], 1)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"source": "a/b"}, "reads as a hub id, which needs a revision"),
        ({"source": "a/b", "revision": ""}, "revision"),
        ({"source": "./a/b", "revision": "c0ffee"}, r"revision goes with a hub id.*'\./a/b'"),
    ],
)
def test_weights_are_pinned(settings, message):
    for kind, encoder in {"transformers": TextEncoder, "open_clip": OpenClip}.items():
        with pytest.raises(ValueError, match=message):
            encoder(kind=kind, **settings)
    with pytest.raises(ValueError, match="architecture goes with a file of weights"):
        OpenClip(kind="open_clip", source="a/b", revision="c", architecture="ViT-B-32")
