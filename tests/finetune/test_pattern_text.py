"""Texts made for patterns are found by them, and captures get values that fit."""

import re
from random import Random

import pytest

from corpus import load
from corpus.parse import ENTRIES
from finetune.pastes import error_texts, paste, talk
from finetune.pattern_text import text_for


def test_every_signature_gets_a_text() -> None:
    random, missed = Random(0), []
    for entry in load(ENTRIES, None).entries:
        for signature in entry.signatures:
            text = text_for(signature.pattern, talk()["captures"], random)
            if text is None:
                missed.append(signature.pattern)
            else:
                assert re.search(signature.pattern, text)
    assert len(missed) <= 10, missed


def test_captures_get_plausible_values() -> None:
    pattern = r"Tried to allocate (?P<requested_gib>[0-9.]+ [KMG]i?B)"
    text = text_for(pattern, {"gib": ["1.50 GiB", "no size"]}, Random(0))
    assert text == "Tried to allocate 1.50 GiB"


@pytest.mark.parametrize(
    "pattern", [r"a{2,3}b?", r"(?i)x|y", r"[^a]\d+", r"(?:no|yes){1,2}", r"\w+ \S+\s*\.", "a.*?b"]
)
def test_pieces_of_patterns(pattern: str) -> None:
    for seed in range(20):
        text = text_for(pattern, {}, Random(seed))
        assert text is None or re.search(pattern, text)


def test_no_text_for_what_is_no_pattern() -> None:
    assert text_for("(", {}, Random(0)) is None


def test_a_paste_ends_with_its_error_and_is_the_same_for_a_seed() -> None:
    entry = next(each for each in load(ENTRIES, None).entries if each.id == "cuda-oom-training")
    error = error_texts(entry, Random(1))[0]
    for seed in range(8):
        made = paste(error, [], Random(seed))
        assert error in made
        assert made == paste(error, [], Random(seed))
