"""From the scores of the next token to the order in which tokens are tried.

Both penalties look at generated tokens only. Drawing is done by adding Gumbel noise to the logarithms of
the probabilities: the largest sum is a draw, and where the grammar refuses it, the next largest is a draw
from what is left, so that a refusal needs no second pass.
"""

import math
from collections.abc import Sequence
from typing import Any

import torch
from transformers import LogitsProcessorList
from transformers.generation.logits_process import (
    NoRepeatNGramLogitsProcessor,
    RepetitionPenaltyLogitsProcessor,
)

from assistant.generation.model import Sampling

_HEAD = 1_024


class Sampler:
    """Orders the tokens of one reply. The same seed gives the same reply."""

    def __init__(self, sampling: Sampling) -> None:
        self._sampling = sampling
        self._penalties = penalties(sampling)
        self._random = torch.Generator()
        if sampling.seed is None:
            self._random.seed()
        else:
            self._random.manual_seed(sampling.seed)

    def order(self, scores: torch.Tensor, generated: Sequence[int]) -> tuple[torch.Tensor, torch.Tensor]:
        """Scores (float32, one row, on the CPU) in which the best is the choice, and those to fall back on
        if all of them are refused: the likeliest without chance."""
        if self._penalties and generated:
            scores = self._penalties(torch.tensor([generated]), scores[None])[0]
        if not self._sampling.do_sample:
            return scores, scores
        logits, tokens = nucleus(scores, self._sampling)
        drawn = torch.full_like(scores, -math.inf)
        noise = torch.empty_like(logits).exponential_(generator=self._random).log_()
        drawn[tokens] = logits - noise
        return drawn, scores


def penalties(sampling: Sampling, prompt_length: int = 0) -> LogitsProcessorList:
    """transformers' processors for the two penalties. With a `prompt_length` they take the ids that
    `generate` gives them, prompt included, and ignore the prompt; without, ids of generated tokens only."""
    found: list[Any] = []
    if sampling.repetition_penalty != 1.0:
        found.append(RepetitionPenaltyLogitsProcessor(float(sampling.repetition_penalty), prompt_length))
    if sampling.no_repeat_ngram > 0:
        found.append(_GeneratedOnly(NoRepeatNGramLogitsProcessor(sampling.no_repeat_ngram), prompt_length))
    return LogitsProcessorList(found)


def nucleus(scores: torch.Tensor, sampling: Sampling) -> tuple[torch.Tensor, torch.Tensor]:
    """The scores, divided by the temperature, of the tokens that top-k and then top-p leave, and the
    tokens, best first: what transformers' warpers leave, without sorting the whole vocabulary."""
    scores = scores / sampling.temperature
    count = scores.numel()
    if sampling.top_k:
        head = min(sampling.top_k, count)
        values, tokens = torch.topk(scores, head)
        total = values.logsumexp(0)
    else:
        total = scores.logsumexp(0)
        head = min(_HEAD, count) if sampling.top_p < 1.0 else count
        values, tokens = torch.topk(scores, head)
        if head < count and float((values - total).exp().sum()) < sampling.top_p:
            values, tokens = torch.sort(scores, descending=True)
    if sampling.top_p < 1.0:
        before = (values - total).exp().cumsum(0).roll(1)
        before[0] = 0.0
        kept = max(1, int((before < sampling.top_p).sum()))
        values, tokens = values[:kept], tokens[:kept]
    return values, tokens


class _GeneratedOnly:
    """A processor that does not see the prompt."""

    supports_continuous_batching = False

    def __init__(self, processor: Any, prompt_length: int) -> None:
        self._processor = processor
        self._prompt_length = prompt_length

    def __call__(self, input_ids: torch.Tensor, scores: torch.Tensor) -> Any:
        return self._processor(input_ids[:, self._prompt_length :], scores)
