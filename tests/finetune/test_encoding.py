"""What is learnt from is what the assistant wrote, with the end of its turn, and nothing else."""

from pathlib import Path

import pytest

from assistant.errors import UserError
from assistant.generation.model import Message
from finetune.encoding import IGNORED, Padding, encode, encode_all
from finetune.sample import Sample


def test_labels_are_the_replies(base: Path, samples: list[Sample]) -> None:
    from dataclasses import replace

    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(base)
    first = samples[0]
    two = replace(
        first, messages=(*first.messages, Message("user", "and then?"), Message("assistant", "Nothing [1]."))
    )
    found = encode(two, tokenizer)
    learnt = tokenizer.decode([token for token in found.labels if token != IGNORED])
    assert learnt == f"{first.reply}<end_of_turn>Nothing [1].<end_of_turn>"
    assert all(label in (token, IGNORED) for token, label in zip(found.input_ids, found.labels, strict=True))


def test_long_samples_are_left_out_whole(base: Path, samples: list[Sample]) -> None:
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(base)
    lengths = sorted(len(encode(sample, tokenizer).input_ids) for sample in samples)
    kept, longer = encode_all(samples, tokenizer, lengths[len(lengths) // 2])
    assert kept
    assert len(kept) + longer == len(samples)
    with pytest.raises(UserError, match="longer than `length: 3`"):
        encode_all(samples, tokenizer, 3)
    with pytest.raises(UserError, match="it is empty"):
        encode_all([], tokenizer, 3)


def test_padding_is_not_learnt_from() -> None:
    batch = Padding(7)(
        [{"input_ids": [1, 2, 3], "labels": [IGNORED, 2, 3]}, {"input_ids": [4], "labels": [4]}]
    )
    assert batch["input_ids"].tolist() == [[1, 2, 3], [4, 7, 7]]
    assert batch["labels"].tolist() == [[IGNORED, 2, 3], [4, IGNORED, IGNORED]]
    assert batch["attention_mask"].tolist() == [[1, 1, 1], [1, 0, 0]]
