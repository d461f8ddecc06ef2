"""Small checkpoints in the formats of the real ones: same files, same classes, few weights.

Each builder fills a folder and gives the original model, to compare what is loaded with.
"""

import json

import open_clip
import torch
from safetensors.torch import save_file
from tokenizers import Tokenizer, models, pre_tokenizers, trainers
from transformers import (
    BertConfig,
    BertModel,
    BertTokenizer,
    CLIPConfig,
    CLIPModel,
    CLIPTokenizer,
    DebertaConfig,
    DebertaForSequenceClassification,
    DebertaV2Config,
    DebertaV2Model,
    DebertaV2Tokenizer,
    T5Tokenizer,
)

CORPUS = [
    "so happy today a good day in the city",
    "this is terrible news for everybody who lives in the city",
    "what a lovely morning, the weather is good and the sea is calm",
    "I hate the rain and the bad weather of this terrible day",
    "everybody is happy when the weather is good",
] * 20

#: Weights of such a spread that attention makes a difference.
SMALL = {"hidden_size": 32, "num_attention_heads": 4, "intermediate_size": 48,
         "initializer_range": 0.2}  # fmt: skip


def weights_saved(model, folder, pickled=False):
    """Save weights under the names of the real files; the settings lie beside them."""
    folder.mkdir(parents=True, exist_ok=True)
    model.config.save_pretrained(folder)
    state = {name: tensor.contiguous() for name, tensor in model.state_dict().items()}
    if pickled:
        torch.save(state, folder / "pytorch_model.bin")
    else:
        save_file(state, folder / "model.safetensors", metadata={"format": "pt"})
    return model.eval()


def deberta_v1(folder, layers=2):
    """As microsoft/deberta-large-mnli: a classifier, pickled, with the tokenizer of GPT-2."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    special = ["[PAD]", "[CLS]", "[SEP]", "[UNK]", "[MASK]"]
    tokenizer.train_from_iterator(
        [f"{text} {text}" for text in CORPUS],
        trainers.BpeTrainer(vocab_size=400, special_tokens=special, initial_alphabet=alphabet),
    )
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer.model.save(str(folder))
    settings = {"do_lower_case": False, "vocab_type": "gpt2"}
    (folder / "tokenizer_config.json").write_text(json.dumps(settings))
    torch.manual_seed(1)
    config = DebertaConfig(
        vocab_size=tokenizer.get_vocab_size(), num_hidden_layers=layers, relative_attention=True,
        pos_att_type="c2p|p2c", max_relative_positions=-1, position_biased_input=False,
        type_vocab_size=0, layer_norm_eps=1e-7, num_labels=3, max_position_embeddings=64, **SMALL,
    )  # fmt: skip
    model = DebertaForSequenceClassification(config)
    torch.nn.init.normal_(model.deberta.encoder.rel_embeddings.weight)
    return weights_saved(model, folder, pickled=True).deberta


def pieces():
    """Unigram pieces with their scores, trained as sentencepiece does, and frequent words."""
    tokenizer = Tokenizer(models.Unigram())
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    trainer = trainers.UnigramTrainer(vocab_size=2000, show_progress=False)
    tokenizer.train_from_iterator(CORPUS, trainer)
    trained = dict(json.loads(tokenizer.to_str())["model"]["vocab"])
    # So small a corpus leaves no words among the pieces, as a large one does.
    words = {f"▁{word}": -3.0 for word in ("a", "the", "good", "weather", "happy", "day")}
    return list((trained | words).items())


def deberta_v2(folder, layers=3, **settings):
    """As microsoft/deberta-v3-base; with ``conv_kernel_size=3``, as deberta-v2-xlarge."""
    special = [("[PAD]", 0.0), ("[CLS]", 0.0), ("[SEP]", 0.0), ("[UNK]", 0.0)]
    vocabulary = [*special, *pieces(), ("[MASK]", 0.0)]
    DebertaV2Tokenizer(vocab=vocabulary, unk_id=3).save_pretrained(folder)
    return deberta_v2_model(folder, len(vocabulary), layers, **settings)


def deberta_v2_model(folder, size, layers=3, **settings):
    torch.manual_seed(2)
    config = DebertaV2Config(
        vocab_size=size, num_hidden_layers=layers, relative_attention=True,
        pos_att_type="p2c|c2p", position_buckets=8, norm_rel_ebd="layer_norm", share_att_key=True,
        position_biased_input=False, type_vocab_size=0, layer_norm_eps=1e-7,
        max_position_embeddings=64, **SMALL, **settings,
    )  # fmt: skip
    model = DebertaV2Model(config)
    torch.nn.init.normal_(model.encoder.rel_embeddings.weight)
    return weights_saved(model, folder)


def bert(folder, layers=2):
    """As bert-base-uncased: WordPiece."""
    tokenizer = BertTokenizer().train_new_from_iterator(CORPUS, 200, show_progress=False)
    tokenizer.save_pretrained(folder)
    torch.manual_seed(3)
    settings = BertConfig(vocab_size=len(tokenizer), num_hidden_layers=layers,
                          max_position_embeddings=64, **SMALL)  # fmt: skip
    return weights_saved(BertModel(settings), folder)


def transformers_clip(folder):
    """As openai/clip-vit-base-patch32: its BPE, its processor, both encoders."""
    texts = [*CORPUS, "café!"]  # the real one has all bytes, and takes none for an end of text
    tokenizer = CLIPTokenizer().train_new_from_iterator(texts, 800, show_progress=False)
    tokenizer.save_pretrained(folder)
    (folder / "preprocessor_config.json").write_text(
        json.dumps({"crop_size": 32, "do_center_crop": True, "do_normalize": True,
                    "do_resize": True, "feature_extractor_type": "CLIPFeatureExtractor",
                    "image_mean": [0.48145466, 0.4578275, 0.40821073],
                    "image_std": [0.26862954, 0.26130258, 0.27577711], "resample": 3, "size": 32})
    )  # fmt: skip
    torch.manual_seed(5)
    settings = CLIPConfig(
        text_config={"vocab_size": len(tokenizer), "num_hidden_layers": 2,
                     "eos_token_id": tokenizer.eos_token_id, **SMALL},
        vision_config={"image_size": 32, "patch_size": 8, "num_hidden_layers": 2, **SMALL},
        projection_dim=24,
    )  # fmt: skip
    return weights_saved(CLIPModel(settings), folder)


OPEN_CLIP = {
    "embed_dim": 24,
    "vision_cfg": {"image_size": 32, "layers": 2, "width": 32, "head_width": 8, "patch_size": 8},
    "text_cfg": {"context_length": 24, "vocab_size": 49408, "width": 16, "heads": 2, "layers": 2},
}


def open_clip_settings(folder, **changes):
    """open_clip_config.json, as in the repositories of laion and timm."""
    folder.mkdir(parents=True, exist_ok=True)
    settings = {"model_cfg": OPEN_CLIP | changes,
                "preprocess_cfg": {"mean": [0.5] * 3, "std": [0.25] * 3}}  # fmt: skip
    (folder / "open_clip_config.json").write_text(json.dumps(settings))


def open_clip_model(folder, **changes):
    """As laion/CLIP-ViT-B-32-laion2B-s34B-b79K: settings and open_clip_model.safetensors."""
    open_clip_settings(folder, **changes)
    torch.manual_seed(6)
    model = open_clip.create_model(f"local-dir:{folder}", load_weights=False, pretrained_text=False)
    state = {key: tensor.contiguous() for key, tensor in model.state_dict().items()}
    save_file(state, folder / "open_clip_model.safetensors")
    return model.eval()


def open_clip_siglip(folder):
    """As timm/ViT-B-16-SigLIP: T5's kind of tokenizer, text without a mask, images through timm."""
    vocabulary = [("<pad>", 0.0), ("</s>", 0.0), ("<unk>", 0.0), *pieces()]
    T5Tokenizer(vocab=vocabulary, extra_ids=0).save_pretrained(folder)
    text = {"context_length": 16, "vocab_size": len(vocabulary), "hf_tokenizer_name": "timm/any",
            "tokenizer_kwargs": {"clean": "canonicalize"}, "width": 16, "heads": 2, "layers": 2,
            "no_causal_mask": True, "proj_bias": True, "pool_type": "last"}  # fmt: skip
    vision = {"image_size": 160, "timm_model_name": "test_vit", "timm_pool": "map",
              "timm_proj": "none"}  # fmt: skip
    return open_clip_model(
        folder, embed_dim=64, custom_text=True, init_logit_bias=-10, text_cfg=text,
        vision_cfg=vision,
    )  # fmt: skip
