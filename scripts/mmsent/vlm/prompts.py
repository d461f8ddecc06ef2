"""Posts as prompts of a vision-language model: text and image in its chat template, in batches."""

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import torch
from PIL import Image
from torch.utils.data import DataLoader, Dataset

from mmsent.config.vlm import Prompted
from mmsent.data.images import BLANK_COLOUR, read_image
from mmsent.data.text import EMPTY, clean_text
from mmsent.progress import Progress
from mmsent.training.splits import SPLITS, posts_by_split

#: Side of the plain image in place of a blanked one; the processor resizes it.
_BLANK_SIDE = 256

#: Longer images are cropped to this aspect ratio: the processor would stretch or refuse them.
_MAX_ASPECT_RATIO = 8


@dataclass(frozen=True)
class Post:
    """Content of a post; None: the modality is not used. ``label`` is -1 if hidden."""

    text: str | None
    image: Image.Image | None
    label: int


class Posts(Dataset[Post]):
    """Posts of one split; images are decoded on access.

    Attributes
    ----------
    guids
        Of each post.
    labels
        ``(posts,)``; -1 for posts without a label or with a hidden one.
    content
        Of each post the hashes of the files that are read, and its cleaned text.
    """

    def __init__(self, posts: pd.DataFrame, folder: Path, settings: Prompted) -> None:
        """Take rows of the posts table, whose images are in ``folder``."""
        self.guids: list[str] = posts["guid"].tolist()
        self.labels = torch.from_numpy(posts["label"].to_numpy(dtype="int64", copy=True))
        hashes = [f"{name}_sha256" for name in settings.modalities]
        self.content: list[list[str]] = posts[hashes].to_numpy().tolist()
        self._texts: list[str] | None = None
        self._images: list[Path | None] | None = None
        if "text" in settings.modalities:
            self._texts = [
                EMPTY if blank else clean_text(text, settings.text.cleaning)
                for text, blank in zip(posts["text"], posts["text_blanked"], strict=True)
            ]
            for content, text in zip(self.content, self._texts, strict=True):
                content.append(text)
        if "image" in settings.modalities:
            self._images = [
                None if blank else folder / name
                for name, blank in zip(posts["image_file"], posts["image_blanked"], strict=True)
            ]

    def __len__(self) -> int:
        """Number of posts."""
        return len(self.guids)

    def __getitem__(self, row: int) -> Post:
        """Return a post with its decoded image.

        Raises
        ------
        UnreadableImageError
            If the image cannot be decoded: no post is skipped silently.
        """
        text = self._texts[row] if self._texts is not None else None
        image = _image(self._images[row]) if self._images is not None else None
        return Post(text, image, int(self.labels[row]))


def _image(path: Path | None) -> Image.Image:
    if path is None:
        return Image.new("RGB", (_BLANK_SIDE, _BLANK_SIDE), BLANK_COLOUR)
    image = read_image(path).rgb
    width, height = image.size
    longest = _MAX_ASPECT_RATIO * min(width, height)
    left, top = max(width - longest, 0) // 2, max(height - longest, 0) // 2
    return image.crop((left, top, width - left, height - top))


def load_posts(
    settings: Prompted,
    posts: pd.DataFrame,
    folds: pd.DataFrame,
    fold: int,
    folder: Path,
    splits: tuple[str, ...] = SPLITS,
) -> dict[str, Posts]:
    """Return the posts of a run by split, from posts table, fold table and folder of the images.

    For ``splits`` see :func:`mmsent.training.splits.posts_by_split`.
    """
    tables = posts_by_split(posts, folds, fold, splits, len(settings.modalities) > 1)
    return {split: Posts(table, folder, settings) for split, table in tables.items()}


class Prompts:
    """Turns posts into inputs of the model."""

    def __init__(self, processor: Any, settings: Prompted) -> None:
        """Take the model's processor."""
        self.processor = processor
        self._prompt = settings.prompt.strip()
        self._max_tokens = settings.text.max_tokens
        tokenizer = processor.tokenizer
        special = {*tokenizer.all_special_tokens, *tokenizer.get_added_vocab()}
        self._special = sorted(special, key=lambda token: (-len(token), token))

    def batch(
        self, posts: Sequence[Post], padding_side: str | None = None
    ) -> dict[str, torch.Tensor]:
        """Return the input tensors of posts, padded to the longest of them.

        Parameters
        ----------
        padding_side
            left or right; None: as the tokenizer is set.
        """
        images = [post.image for post in posts if post.image is not None]
        options = {} if padding_side is None else {"padding_side": padding_side}
        return dict(
            self.processor(
                text=[self.written(post) for post in posts],
                images=images or None,
                padding=True,
                return_tensors="pt",
                **options,
            )
        )

    def labelled_batch(self, posts: Sequence[Post]) -> tuple[dict[str, torch.Tensor], torch.Tensor]:
        """Return :meth:`batch` and the labels ``(batch,)``."""
        return self.batch(posts), torch.tensor([post.label for post in posts])

    def written(self, post: Post) -> str:
        """Return a post in the chat template, up to where the model's answer begins."""
        content: list[dict[str, str]] = []
        if post.image is not None:
            content.append({"type": "image"})
        words = self._prompt if post.text is None else f"{self._prompt}\n{self._safe(post.text)}"
        content.append({"type": "text", "text": words})
        turn = {"role": "user", "content": content}
        return self.processor.apply_chat_template(
            [turn], tokenize=False, add_generation_prompt=True
        )

    def _safe(self, text: str) -> str:
        """Truncate the text and split up all strings that the tokenizer reads as special tokens.

        A post that contains ``<|image_pad|>`` or ends the user's turn must stay plain text.
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


@dataclass(frozen=True)
class Batcher:
    """Yields posts in batches on a device and reports progress.

    Attributes
    ----------
    evaluation_size
        Posts of a batch where no gradients are computed.
    workers
        Number of processes that decode images ahead.
    """

    prompts: Prompts
    device: torch.device
    evaluation_size: int
    workers: int = 0

    def batches(
        self, posts: Posts, rows: list[list[int]], name: str, note: Callable[[], str] = str
    ) -> Iterator[tuple[dict[str, torch.Tensor], torch.Tensor]]:
        """Yield inputs and labels of batches of ``rows``; progress lines end in ``note()``."""
        # Tokenizers would warn of their threads in each worker.
        os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
        loader = DataLoader(
            posts,
            batch_sampler=rows,
            collate_fn=self.prompts.labelled_batch,
            num_workers=self.workers,
            pin_memory=self.device.type == "cuda",
            # By default the loader draws from the global generator, as dropout does.
            generator=torch.Generator().manual_seed(0),
        )
        with Progress(sum(map(len, rows)), name) as progress:
            for batch, labels in loader:
                moved = {key: t.to(self.device, non_blocking=True) for key, t in batch.items()}
                yield moved, labels.to(self.device)
                progress.update(len(labels), note())

    def in_order(
        self, posts: Posts, name: str
    ) -> Iterator[tuple[dict[str, torch.Tensor], torch.Tensor]]:
        """Yield all posts in order, in batches of ``evaluation_size``."""
        rows = torch.arange(len(posts)).split(self.evaluation_size)
        return self.batches(posts, [part.tolist() for part in rows if len(part)], name)
