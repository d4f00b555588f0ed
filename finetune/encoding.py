"""Samples as tokens: the chat's own rendering of a conversation, with labels where the assistant speaks."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from assistant.errors import UserError
from assistant.generation.chat_format import render
from finetune.sample import Sample

IGNORED = -100


@dataclass(frozen=True, slots=True)
class Encoded:
    """The tokens of a sample, and the same where they are learnt from, IGNORED elsewhere."""

    input_ids: tuple[int, ...]
    labels: tuple[int, ...]


def encode(sample: Sample, tokenizer: Any) -> Encoded:
    """One sample. Every reply in it is learnt from, with the token that ends its turn."""
    rendered = render(sample.messages, tokenizer)
    labels = [IGNORED] * len(rendered.ids)
    for begin, end in rendered.spans:
        labels[begin:end] = rendered.ids[begin:end]
    return Encoded(rendered.ids, tuple(labels))


def encode_all(samples: Sequence[Sample], tokenizer: Any, length: int) -> tuple[list[Encoded], int]:
    """All samples of at most `length` tokens, and how many were longer and left out: a reply without its
    evidence, or without its end, would teach the wrong thing. Raises UserError where none is left."""
    every = [encode(sample, tokenizer) for sample in samples]
    kept = [each for each in every if len(each.input_ids) <= length]
    if not kept:
        reason = "it is empty" if not every else f"all its samples are longer than `length: {length}` tokens"
        raise UserError(f"The data set has nothing to learn from: {reason}.")
    return kept, len(every) - len(kept)


class Padding:
    """Makes a batch of encoded samples, padded on the right to the longest."""

    def __init__(self, pad_token: int) -> None:
        self._pad = pad_token

    def __call__(self, rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
        import torch

        longest = max(len(row["input_ids"]) for row in rows)

        def padded(name: str, filler: int) -> Any:
            return torch.tensor([[*row[name], *[filler] * (longest - len(row[name]))] for row in rows])

        mask = [[1] * len(row["input_ids"]) + [0] * (longest - len(row["input_ids"])) for row in rows]
        return {
            "input_ids": padded("input_ids", self._pad),
            "attention_mask": torch.tensor(mask),
            "labels": padded("labels", IGNORED),
        }
