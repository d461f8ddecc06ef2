"""Posts as a vision-language model reads them: prompt, text and picture in its chat template."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import torch
from PIL import Image
from torch.utils.data import Dataset

from mmsent.config.vlm import Prompted
from mmsent.data.images import BLANK_COLOUR, read_picture
from mmsent.data.text import EMPTY, clean_text

#: Side of the picture that stands in where one is blank; the processor resizes it.
_BLANK_SIDE = 256

#: Beyond so many times its shorter side, the ends of a picture are cut off: the processor would
#: make a strip of it that is longer still, or refuse it.
_MOST_ELONGATED = 8


@dataclass(frozen=True)
class Post:
    """What is read of a post; None: that modality is not used. ``label`` is -1 if hidden."""

    text: str | None
    picture: Image.Image | None
    label: int


class Posts(Dataset[Post]):
    """Posts of one role; pictures are decoded when they are asked for.

    Attributes
    ----------
    guids
        Of each post.
    labels
        ``(posts,)``; -1 for posts without one, and for those whose labels are hidden.
    content
        Of each post the hashes of the files that are read, and its text as it is read.
    """

    def __init__(self, posts: pd.DataFrame, folder: Path, settings: Prompted) -> None:
        """Take posts from the posts table.

        Parameters
        ----------
        folder
            Where the pictures are.
        """
        self.guids: list[str] = posts["guid"].tolist()
        self.labels = torch.from_numpy(posts["label"].to_numpy(dtype="int64", copy=True))
        hashed = [f"{name}_sha256" for name in settings.modalities]
        self.content: list[list[str]] = posts[hashed].to_numpy().tolist()
        self._texts: list[str] | None = None
        self._pictures: list[Path | None] | None = None
        if "text" in settings.modalities:
            self._texts = [
                EMPTY if blank else clean_text(text, settings.text.cleaning)
                for text, blank in zip(posts["text"], posts["text_blanked"], strict=True)
            ]
            for own, text in zip(self.content, self._texts, strict=True):
                own.append(text)
        if "image" in settings.modalities:
            self._pictures = [
                None if blank else folder / name
                for name, blank in zip(posts["image_file"], posts["image_blanked"], strict=True)
            ]

    def __len__(self) -> int:
        """Number of posts."""
        return len(self.guids)

    def __getitem__(self, row: int) -> Post:
        """A post, its picture decoded.

        Raises
        ------
        UnreadableImageError
            If it cannot be: no post is passed over in silence.
        """
        text = self._texts[row] if self._texts is not None else None
        picture = _picture(self._pictures[row]) if self._pictures is not None else None
        return Post(text, picture, int(self.labels[row]))


def _picture(path: Path | None) -> Image.Image:
    if path is None:
        return Image.new("RGB", (_BLANK_SIDE, _BLANK_SIDE), BLANK_COLOUR)
    picture = read_picture(path).rgb
    width, height = picture.size
    longest = _MOST_ELONGATED * min(width, height)
    left, top = max(width - longest, 0) // 2, max(height - longest, 0) // 2
    return picture.crop((left, top, width - left, height - top))


class Prompts:
    """Makes of posts what the model reads."""

    def __init__(self, processor: Any, settings: Prompted) -> None:
        """Take the processor of the model."""
        self.processor = processor
        self._prompt = settings.prompt.strip()
        self._max_tokens = settings.text.max_tokens
        tokenizer = processor.tokenizer
        special = {*tokenizer.all_special_tokens, *tokenizer.get_added_vocab()}
        self._special = sorted(special, key=lambda token: (-len(token), token))

    def batch(
        self, posts: Sequence[Post], padding_side: str | None = None
    ) -> dict[str, torch.Tensor]:
        """Tensors of posts, padded to the longest of them.

        Parameters
        ----------
        padding_side
            left or right; None: the tokenizer's own.
        """
        pictures = [post.picture for post in posts if post.picture is not None]
        options = {} if padding_side is None else {"padding_side": padding_side}
        return dict(
            self.processor(
                text=[self.written(post) for post in posts],
                images=pictures or None,
                padding=True,
                return_tensors="pt",
                **options,
            )
        )

    def labelled_batch(self, posts: Sequence[Post]) -> tuple[dict[str, torch.Tensor], torch.Tensor]:
        """As :meth:`batch`, with the labels ``(batch,)``."""
        return self.batch(posts), torch.tensor([post.label for post in posts])

    def written(self, post: Post) -> str:
        """A post in the chat template, up to where the model's answer begins."""
        content: list[dict[str, str]] = []
        if post.picture is not None:
            content.append({"type": "image"})
        words = self._prompt if post.text is None else f"{self._prompt}\n{self._safe(post.text)}"
        content.append({"type": "text", "text": words})
        turn = {"role": "user", "content": content}
        return self.processor.apply_chat_template(
            [turn], tokenize=False, add_generation_prompt=True
        )

    def _safe(self, text: str) -> str:
        """The text, cut off, and with nothing in it that the tokenizer takes for a special token.

        A post may say ``<|image_pad|>`` or end the user's turn: it must stay what a user wrote.
        """
        for token in self._special:
            while token in text:
                text = text.replace(token, f"{token[0]} {token[1:]}")
        encoded = self.processor.tokenizer(
            text,
            add_special_tokens=False,
            truncation=True,
            max_length=self._max_tokens,
            return_offsets_mapping=True,
        )
        offsets = encoded["offset_mapping"]
        return text[: offsets[-1][1]] if offsets else text
