"""Zero-shot prediction: the likelihood of each class's word as the model's answer."""

import time
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import torch

from mmsent.config.encoders import TinyVlm, VlmCheckpoint
from mmsent.config.vlm import ZeroShot
from mmsent.evaluation.pooling import prediction_metrics, prediction_table
from mmsent.labels import LABELS, VALIDATION
from mmsent.training.outputs import Run
from mmsent.vlm.checkpoint import load_processor, load_vlm, parameters, vlm_folder
from mmsent.vlm.device import Precision, device_cost, precision_for
from mmsent.vlm.prompts import Batcher, Posts, Prompts


class ZeroShotModel:
    """Scores the classes' words alone, whatever else the model would answer."""

    def __init__(
        self, spec: TinyVlm | VlmCheckpoint, settings: ZeroShot, precision: Precision
    ) -> None:
        """Load the model."""
        with vlm_folder(spec) as folder:
            self.model: Any = load_vlm(folder, precision, settings.four_bit)
            processor = load_processor(folder, settings.pixels)
        # The words are appended, so that a prompt must end where its tensor ends.
        processor.tokenizer.padding_side = "left"
        self.prompts = Prompts(processor, settings)
        self._batch_size = settings.batch_size
        self._precision = precision
        self._words: list[list[int]] = [
            processor.tokenizer(word, add_special_tokens=False)["input_ids"]
            for word in settings.answers.values()
        ]
        # A word that begins another is never less likely: then the end of the answer counts too.
        if any(a is not b and b[: len(a)] == a for a in self._words for b in self._words):
            self._words = [[*word, processor.tokenizer.eos_token_id] for word in self._words]

    def probabilities(self, posts: Posts, name: str, workers: int = 0) -> np.ndarray:
        """Return the class probabilities of posts, ``(posts, classes)`` in double precision."""
        batcher = Batcher(self.prompts, self._precision.device, self._batch_size, workers)
        parts = [np.zeros((0, len(LABELS)))]
        for batch, _ in batcher.in_order(posts, name):
            parts.append(torch.softmax(self.likelihoods(batch), 1).cpu().numpy())
        return np.concatenate(parts)

    @torch.inference_mode()
    def likelihoods(self, batch: Mapping[str, torch.Tensor]) -> torch.Tensor:
        """Return the log-likelihood of each word, ``(batch, classes)`` in double precision.

        The log-likelihood of a word is the sum over its tokens, each conditional on the prompt
        and the tokens before it.

        Parameters
        ----------
        batch
            Prompts padded on the left.
        """
        # Words that differ in their last token share a pass: one for all, if each is one token.
        beginnings = sorted({tuple(word[:-1]) for word in self._words})
        scores = {tokens: self._next_tokens(batch, tokens) for tokens in beginnings}
        columns = []
        for word in self._words:
            logs = scores[tuple(word[:-1])]
            each = [logs[:, place, token] for place, token in enumerate(word)]
            columns.append(torch.stack(each).sum(0))
        return torch.stack(columns, 1)

    def _next_tokens(
        self, batch: Mapping[str, torch.Tensor], appended: Sequence[int]
    ) -> torch.Tensor:
        """Return log-probabilities of the tokens that follow the prompt and each appended token.

        ``(batch, 1 + len(appended), vocabulary)``.
        """
        extended = dict(batch)
        rows = len(batch["input_ids"])
        tokens = torch.tensor([list(appended)], device=self._precision.device).long()
        tokens = tokens.expand(rows, -1)
        for key, more in (
            ("input_ids", tokens),
            ("attention_mask", torch.ones_like(tokens)),
            ("mm_token_type_ids", torch.zeros_like(tokens)),
        ):
            if key in extended:
                extended[key] = torch.cat([extended[key], more.to(extended[key].dtype)], 1)
        kept = 1 + len(appended)
        with self._precision.autocast():
            logits = self.model(**extended, use_cache=False, logits_to_keep=kept).logits
        return torch.log_softmax(logits.double(), 2)


def predict_fold(
    settings: ZeroShot,
    spec: TinyVlm | VlmCheckpoint,
    posts: Mapping[str, Posts],
    label_of: Mapping[str, int],
    fold: int,
    device: torch.device,
    workers: int = 0,
) -> Run:
    """Predict the posts of a fold without training, as :func:`mmsent.vlm.run.fine_tune_fold`.

    Raises
    ------
    WeightsError
        If the weights are missing or not those of ``spec``.
    """
    start = time.perf_counter()
    precision = precision_for(settings.precision, device)
    model = ZeroShotModel(spec, settings, precision)
    loaded = time.perf_counter()
    tables = []
    for split, part in posts.items():
        values = model.probabilities(part, split, workers)
        tables.append(prediction_table(part.guids, label_of, fold, split, values))
    predictions = pd.concat(tables, ignore_index=True)
    end = time.perf_counter()
    metrics: dict[str, object] = {
        "trained_parameters": 0,
        "parameters": parameters(model.model),
        "exercise": isinstance(spec, TinyVlm),
        "postprocessing_threshold": None,
        "validation": prediction_metrics(predictions[predictions["subset"] == VALIDATION]),
    }
    cost: dict[str, object] = {
        "predicted_posts_per_second": len(predictions) / (end - loaded),
        "seconds": end - start,
        **device_cost(precision),
    }
    all_settings = settings.model_dump() | {"vlm": spec.model_dump()}
    return Run(predictions, metrics, all_settings, cost=cost)
