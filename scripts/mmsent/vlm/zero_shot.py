"""A vision-language model asked as it is: the likelihood of each class's word as its answer."""

import time
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import torch

from mmsent.config.encoders import TinyVlm, VlmCheckpoint
from mmsent.config.vlm import ZeroShot
from mmsent.labels import LABELS
from mmsent.vlm.checkpoint import load_processor, load_vlm, parameters, vlm_folder
from mmsent.vlm.memory import memory_advice
from mmsent.vlm.precision import Numbers, numbers_for
from mmsent.vlm.prompts import Posts, Prompts
from mmsent.vlm.reading import Reading
from mmsent.vlm.run import device_cost, predictions_of, shared_metrics


class ZeroShotModel:
    """Scores the three words; whatever else the model would say is left out of account."""

    def __init__(self, spec: TinyVlm | VlmCheckpoint, settings: ZeroShot, numbers: Numbers) -> None:
        """Load the model.

        Raises
        ------
        WeightsError
            If the weights are missing or not the ones that ``spec`` names.
        """
        with vlm_folder(spec) as folder, memory_advice(settings, numbers.device):
            self.model: Any = load_vlm(folder, numbers, settings.four_bit)
            processor = load_processor(folder, settings.pixels)
        # The words are put behind a prompt that ends where the tensor ends.
        processor.tokenizer.padding_side = "left"
        self.prompts = Prompts(processor, settings)
        self._settings = settings
        self._numbers = numbers
        self._answers: list[list[int]] = [
            processor.tokenizer(word, add_special_tokens=False)["input_ids"]
            for word in settings.answers.words
        ]

    def probabilities(self, posts: Posts, name: str, workers: int = 0) -> np.ndarray:
        """Probabilities of the classes of posts, ``(posts, 3)`` in double precision.

        Raises
        ------
        OutOfMemoryError
            If the device's memory is not enough.
        """
        reading, device = Reading(self.prompts, workers), self._numbers.device
        parts = [np.zeros((0, len(LABELS)))]
        with memory_advice(self._settings, device):
            for batch, _ in reading.in_order(posts, self._settings.batch_size, device, name):
                parts.append(torch.softmax(self.likelihoods(batch), 1).cpu().numpy())
        return np.concatenate(parts)

    @torch.inference_mode()
    def likelihoods(self, batch: Mapping[str, torch.Tensor]) -> torch.Tensor:
        """Log-likelihood of each word as the answer, ``(batch, 3)`` in double precision.

        That of a word is the sum over its tokens, each given the prompt and those before.

        Parameters
        ----------
        batch
            Prompts padded on the left.
        """
        # Words that differ in their last token only need one pass: all, if each is one token.
        beginnings = sorted({tuple(answer[:-1]) for answer in self._answers})
        scores = {begin: self._next_tokens(batch, begin) for begin in beginnings}
        columns = []
        for answer in self._answers:
            logs = scores[tuple(answer[:-1])]
            each = [logs[:, place, token] for place, token in enumerate(answer)]
            columns.append(torch.stack(each).sum(0))
        return torch.stack(columns, 1)

    def _next_tokens(self, batch: Mapping[str, torch.Tensor], begun: Sequence[int]) -> torch.Tensor:
        """Log-probabilities of what follows the prompt and each token begun with.

        ``(batch, 1 + len(begun), vocabulary)``.
        """
        extended = dict(batch)
        rows = len(batch["input_ids"])
        tokens = torch.tensor([list(begun)], device=self._numbers.device).long().expand(rows, -1)
        for key, more in (
            ("input_ids", tokens),
            ("attention_mask", torch.ones_like(tokens)),
            ("mm_token_type_ids", torch.zeros_like(tokens)),
        ):
            if key in extended:
                extended[key] = torch.cat([extended[key], more.to(extended[key].dtype)], 1)
        with self._numbers.autocast():
            logits = self.model(**extended, use_cache=False, logits_to_keep=1 + len(begun)).logits
        return torch.log_softmax(logits.double(), 2)


def ask(
    settings: ZeroShot,
    spec: TinyVlm | VlmCheckpoint,
    posts: dict[str, Posts],
    label_of: dict[str, int],
    fold: int,
    device: torch.device,
    workers: int = 0,
) -> tuple[pd.DataFrame, dict[str, object], dict[str, object]]:
    """Ask for the sentiment of posts by role.

    Returns
    -------
    predictions, metrics, cost
        As those of :class:`mmsent.vlm.run.VlmRun`, nothing of training among them.

    Raises
    ------
    WeightsError
        If the weights are missing or not the ones that ``spec`` names.
    OutOfMemoryError
        If the device's memory is not enough.
    """
    start = time.perf_counter()
    numbers = numbers_for(settings.precision, device)
    model = ZeroShotModel(spec, settings, numbers)
    loaded = time.perf_counter()
    chances = {role: model.probabilities(own, role, workers) for role, own in posts.items()}
    end = time.perf_counter()
    predictions = predictions_of(posts, chances, label_of, fold)
    metrics = {"trained_parameters": 0, "postprocessing_threshold": None}
    cost = {
        "predicted_posts_per_second": sum(map(len, posts.values())) / (end - loaded),
        "seconds": end - start,
    }
    return (
        predictions,
        metrics | shared_metrics(predictions, spec, parameters(model.model)),
        cost | device_cost(numbers),
    )
