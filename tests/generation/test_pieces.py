"""Tokens as bytes: what is streamed is what the tokenizer itself decodes."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from transformers import AutoTokenizer

from assistant.generation.pieces import TextStream, pieces_of
from tests.generation import tiny

KINDS = ["gemma", "qwen"]


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=60, deadline=None)
@given(text=st.text(st.characters(exclude_categories=("Cs",)), max_size=40))
def test_text_comes_back(kind: str, text: str) -> None:
    tokenizer = AutoTokenizer.from_pretrained(tiny.folder(kind))
    ids = tokenizer(text, add_special_tokens=False)["input_ids"]
    pieces = pieces_of(tokenizer)
    if not set(ids) & set(pieces.control):
        assert pieces.text(ids) == tokenizer.decode(ids, clean_up_tokenization_spaces=False)


@pytest.mark.parametrize("kind", KINDS)
def test_a_character_is_given_when_it_is_whole(kind: str) -> None:
    tokenizer = AutoTokenizer.from_pretrained(tiny.folder(kind))
    pieces = pieces_of(tokenizer)
    text = "a 鰲 and 🤗, é: 显存"
    ids = tokenizer(text, add_special_tokens=False)["input_ids"]
    assert len(ids) > len(text) // 2
    stream = TextStream(pieces)
    parts = [stream.add(token) for token in ids]
    assert "".join(parts) == text
    assert "" in parts
    assert not any("\ufffd" in part for part in parts)


def test_control_tokens_are_no_text_unless_they_are_to_be_shown() -> None:
    tokenizer = AutoTokenizer.from_pretrained(tiny.folder("qwen"))
    ids = tokenizer("<|im_start|>a<tool_call>b<|im_end|>")["input_ids"]
    hidden, shown = TextStream(pieces_of(tokenizer)), TextStream(pieces_of(tokenizer), show_control=True)
    assert "".join(map(hidden.add, ids)) == "a<tool_call>b"
    assert "".join(map(shown.add, ids)) == "<|im_start|>a<tool_call>b<|im_end|>"


def test_scores_beyond_the_vocabulary_are_control() -> None:
    tokenizer = AutoTokenizer.from_pretrained(tiny.folder("qwen"))
    pieces = pieces_of(tokenizer, len(tokenizer) + 10)
    assert len(pieces.data) == len(tokenizer) + 10
    assert len(tokenizer) + 9 in pieces.control


def test_a_vocabulary_of_another_kind_is_asked_token_by_token() -> None:
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    backend = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    backend.pre_tokenizer = pre_tokenizers.Whitespace()
    backend.decoder = decoders.WordPiece()
    trainer = trainers.WordPieceTrainer(vocab_size=300, special_tokens=["[UNK]", "[EOS]"])
    backend.train_from_iterator(["the flag load_in_4bit and the batch size, 显存 — naïve"], trainer)
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=backend, unk_token="[UNK]", eos_token="[EOS]")
    ids = tokenizer("the batch flag", add_special_tokens=False)["input_ids"]
    assert pieces_of(tokenizer).text(ids).strip() == "the batch flag"
