"""Small checkpoints in the formats of the real ones: same files, same classes, few weights.

Each builder fills a folder and gives the original model, to compare what is loaded with.
"""

import json

import open_clip
import torch
from safetensors.torch import save_file
from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers, trainers
from transformers import (
    BertConfig,
    BertModel,
    BertTokenizer,
    CLIPConfig,
    CLIPModel,
    DebertaConfig,
    DebertaForSequenceClassification,
    DebertaV2Config,
    DebertaV2Model,
    DebertaV2Tokenizer,
    RobertaConfig,
    RobertaModel,
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


def byte_level_bpe(folder, special, **settings):
    """vocab.json and merges.txt of GPT-2's kind, as DeBERTa v1 and RoBERTa have them."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    tokenizer.train_from_iterator(
        [f"{text} {text}" for text in CORPUS],
        trainers.BpeTrainer(vocab_size=400, special_tokens=special, initial_alphabet=alphabet),
    )
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer.model.save(str(folder))
    (folder / "tokenizer_config.json").write_text(json.dumps(settings))
    return tokenizer.get_vocab_size()


def deberta_v1(folder, layers=2):
    """As microsoft/deberta-large-mnli: a classifier, pickled, with the tokenizer of GPT-2."""
    size = byte_level_bpe(folder, ["[PAD]", "[CLS]", "[SEP]", "[UNK]", "[MASK]"],
                          do_lower_case=False, vocab_type="gpt2")  # fmt: skip
    torch.manual_seed(1)
    settings = DebertaConfig(
        vocab_size=size, num_hidden_layers=layers, relative_attention=True,
        pos_att_type="c2p|p2c", max_relative_positions=-1, position_biased_input=False,
        type_vocab_size=0, layer_norm_eps=1e-7, num_labels=3, max_position_embeddings=64, **SMALL,
    )  # fmt: skip
    model = DebertaForSequenceClassification(settings)
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
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    trainer = trainers.WordPieceTrainer(vocab_size=200, special_tokens=special)
    tokenizer.train_from_iterator(CORPUS, trainer)
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer.model.save(str(folder))
    BertTokenizer.from_pretrained(folder).save_pretrained(folder)
    torch.manual_seed(3)
    size = tokenizer.get_vocab_size()
    settings = BertConfig(vocab_size=size, num_hidden_layers=layers, max_position_embeddings=64,
                          **SMALL)  # fmt: skip
    return weights_saved(BertModel(settings), folder)


def roberta(folder, layers=2):
    """As roberta-base: positions that count from the padding's."""
    special = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
    size = byte_level_bpe(folder, special, tokenizer_class="RobertaTokenizer")
    torch.manual_seed(4)
    settings = RobertaConfig(vocab_size=size, num_hidden_layers=layers, type_vocab_size=1,
                             max_position_embeddings=66, **SMALL)  # fmt: skip
    return weights_saved(RobertaModel(settings), folder)


#: What CLIP takes for words, but for its special tokens.
WORDS_OF_CLIP = r"'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+"


def transformers_clip(folder):
    """As openai/clip-vit-base-patch32: its BPE, its processor, both towers."""
    tokenizer = Tokenizer(models.BPE(end_of_word_suffix="</w>"))
    tokenizer.normalizer = normalizers.Lowercase()
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Split(Regex(WORDS_OF_CLIP), behavior="removed", invert=True),
         pre_tokenizers.ByteLevel(add_prefix_space=False)]
    )  # fmt: skip
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(vocab_size=700, initial_alphabet=alphabet,
                                  end_of_word_suffix="</w>")  # fmt: skip
    tokenizer.train_from_iterator(CORPUS, trainer)
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer.model.save(str(folder))
    vocabulary = json.loads((folder / "vocab.json").read_text())
    for letter in alphabet:  # every letter may end a word
        vocabulary.setdefault(f"{letter}</w>", len(vocabulary))
    vocabulary |= {"<|startoftext|>": len(vocabulary), "<|endoftext|>": len(vocabulary) + 1}
    (folder / "vocab.json").write_text(json.dumps(vocabulary))
    (folder / "tokenizer_config.json").write_text(
        json.dumps({"model_max_length": 77, "do_lower_case": True, "errors": "replace",
                    "bos_token": "<|startoftext|>", "eos_token": "<|endoftext|>",
                    "pad_token": "<|endoftext|>", "unk_token": "<|endoftext|>"})
    )  # fmt: skip
    (folder / "preprocessor_config.json").write_text(
        json.dumps({"crop_size": 32, "do_center_crop": True, "do_normalize": True,
                    "do_resize": True, "feature_extractor_type": "CLIPFeatureExtractor",
                    "image_mean": [0.48145466, 0.4578275, 0.40821073],
                    "image_std": [0.26862954, 0.26130258, 0.27577711], "resample": 3, "size": 32})
    )  # fmt: skip
    torch.manual_seed(5)
    # The ids are those of the real settings; no token has them.
    settings = CLIPConfig(
        text_config={"vocab_size": len(vocabulary), "num_hidden_layers": 2, "eos_token_id": 2,
                     "bos_token_id": 0, "pad_token_id": 1, **SMALL},
        vision_config={"image_size": 32, "patch_size": 8, "num_hidden_layers": 2, **SMALL},
        projection_dim=24,
    )  # fmt: skip
    return weights_saved(CLIPModel(settings), folder)


OPEN_CLIP = {
    "embed_dim": 24,
    "vision_cfg": {"image_size": 32, "layers": 2, "width": 32, "head_width": 8, "patch_size": 8},
    "text_cfg": {"context_length": 24, "vocab_size": 49408, "width": 16, "heads": 2, "layers": 2},
}


def open_clip_model(folder, name="tiny-ViT", suffix=".safetensors", **changes):
    """A configuration that open_clip knows as ``name``, and a file of weights."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.json").write_text(json.dumps(OPEN_CLIP | changes))
    open_clip.add_model_config(folder / f"{name}.json")
    torch.manual_seed(6)
    model = open_clip.create_model(name, pretrained=None, load_weights=False)
    path = folder / f"weights{suffix}"
    state = {key: tensor.contiguous() for key, tensor in model.state_dict().items()}
    if suffix == ".safetensors":
        save_file(state, path)
    else:
        torch.save({"epoch": 1, "state_dict": state}, path)
    return model.eval(), path
