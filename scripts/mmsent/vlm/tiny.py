"""A tiny Qwen2-VL with random weights, saved in the format of Qwen2-VL-2B-Instruct.

The folder contains weights in safetensors, settings, tokenizer, image processor and chat template,
so that the same code loads both. Equal settings give equal bytes.
"""

from pathlib import Path

import torch
from tokenizers.pre_tokenizers import ByteLevel
from transformers import (
    Qwen2Tokenizer,
    Qwen2VLConfig,
    Qwen2VLForConditionalGeneration,
    Qwen2VLImageProcessor,
    Qwen2VLProcessor,
    Qwen2VLVideoProcessor,
)
from transformers.utils import logging as transformers_logging

from mmsent.config.encoders import TinyVlm

END, START_OF_TURN, END_OF_TURN = "<|endoftext|>", "<|im_start|>", "<|im_end|>"
IMAGE, VIDEO = "<|image_pad|>", "<|video_pad|>"
VISION_START, VISION_END = "<|vision_start|>", "<|vision_end|>"

_SPECIAL = (END, START_OF_TURN, END_OF_TURN, VISION_START, VISION_END, IMAGE, VIDEO)

#: Tokens of more than one byte, as the tokenizer spells them. "positive" is not one of them, so
#: that a class's word may have several tokens.
_WORDS = ("negative", "neutral", "posit", "Ġthe", "Ġand", "Ġof", "Ġthis", "Ġis", "ing", "Ġto")

_TEMPLATE = (
    "{% for turn in messages %}"
    f"{START_OF_TURN}{{{{ turn.role }}}}\n"
    "{% for part in turn.content %}"
    "{% if part.type == 'image' %}"
    f"{VISION_START}{IMAGE}{VISION_END}"
    "{% else %}{{ part.text }}{% endif %}"
    "{% endfor %}"
    f"{END_OF_TURN}\n"
    "{% endfor %}"
    "{% if add_generation_prompt %}"
    f"{START_OF_TURN}assistant\n"
    "{% endif %}"
)

#: Standard deviation of the random weights: large enough that attention and images matter.
_INITIALIZER_RANGE = 0.1

# Progress is reported by posts.
transformers_logging.disable_progress_bar()


def write_tiny(folder: Path, settings: TinyVlm) -> None:
    """Write a network and its processor to a folder."""
    tokenizer = _tokenizer()
    # The caller's random numbers must not depend on whether this ran.
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(settings.seed)
        model = Qwen2VLForConditionalGeneration(_config(settings, tokenizer))
    model.save_pretrained(folder)
    processor = Qwen2VLProcessor(
        Qwen2VLImageProcessor(), tokenizer, Qwen2VLVideoProcessor(), chat_template=_TEMPLATE
    )
    processor.save_pretrained(folder)


def _tokenizer() -> Qwen2Tokenizer:
    """Return a byte-level BPE tokenizer of single bytes, the words above and special tokens."""
    vocabulary = {byte: number for number, byte in enumerate(sorted(ByteLevel.alphabet()))}
    merges = []
    for word in _WORDS:
        for end in range(1, len(word)):
            merged = word[: end + 1]
            if merged not in vocabulary:
                vocabulary[merged] = len(vocabulary)
                merges.append((word[:end], word[end]))
    return Qwen2Tokenizer(
        vocab=vocabulary,
        merges=merges,  # type: ignore[arg-type]
        additional_special_tokens=list(_SPECIAL),
        padding_side="left",
    )


def _config(settings: TinyVlm, tokenizer: Qwen2Tokenizer) -> Qwen2VLConfig:
    vocabulary = tokenizer.get_vocab()
    ids = {token: vocabulary[token] for token in _SPECIAL}
    # Pairs of a head's dimensions rotated by time, height and width, in Qwen2-VL's proportions.
    pairs = settings.hidden_size // settings.heads // 2
    time = pairs // 4
    height = (pairs - time) // 2
    return Qwen2VLConfig(
        text_config={
            "vocab_size": len(tokenizer),
            "hidden_size": settings.hidden_size,
            "intermediate_size": settings.intermediate_size,
            "num_hidden_layers": settings.layers,
            "num_attention_heads": settings.heads,
            "num_key_value_heads": settings.key_value_heads,
            "max_position_embeddings": 4096,
            "initializer_range": _INITIALIZER_RANGE,
            "rope_parameters": {
                "rope_type": "default",
                "rope_theta": 10_000.0,
                "mrope_section": [time, height, pairs - time - height],
            },
            "bos_token_id": ids[END],
            "eos_token_id": ids[END_OF_TURN],
            "pad_token_id": ids[END],
        },
        vision_config={
            "depth": settings.vision_layers,
            "embed_dim": settings.vision_size,
            "hidden_size": settings.hidden_size,
            "num_heads": settings.vision_heads,
            "initializer_range": _INITIALIZER_RANGE,
        },
        image_token_id=ids[IMAGE],
        video_token_id=ids[VIDEO],
        vision_start_token_id=ids[VISION_START],
        vision_end_token_id=ids[VISION_END],
        tie_word_embeddings=True,
    )
