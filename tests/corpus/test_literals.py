"""A pattern that is passed over for want of its words must not have matched: on real inputs, patterns
found by words are exactly those that a plain search finds."""

import json
from pathlib import Path

import pytest
import re2

from assistant.diagnosis import compile_patterns
from assistant.diagnosis.diagnose import parts_of
from assistant.reading import read
from corpus import Corpus, load
from corpus.literals import required

CASES = Path(__file__).parent.parent / "cases"


@pytest.mark.parametrize(
    ("pattern", "words"),
    [
        ("CUDA out of memory", ("cuda out of memory",)),
        ("(?i)Tried to allocate (?P<size_gib>[0-9.]+ GiB)", ("tried to allocate ",)),
        ("oom|no memory", ("no memory", "oom")),
        ("(?:nan|inf)? ?loss", ("loss",)),
        ("(?:nan)+x", ("nan",)),
        (r"\d+ [A-Z]+", None),
        ("a*b?", None),
        ("显存不足|爆显存", ("显存不足", "爆显存")),
        ("(?:error|[a-z]+): bad", (": bad",)),
    ],
)
def test_the_words_that_a_pattern_needs(pattern: str, words: tuple[str, ...] | None) -> None:
    assert required(pattern) == words


@pytest.fixture(scope="module")
def corpus() -> Corpus:
    return load()


def test_most_patterns_need_a_word(corpus: Corpus) -> None:
    without = [pattern for pattern, words in corpus.literals.items() if not words]
    assert len(without) < 0.08 * len(corpus.literals)


def test_patterns_found_by_words_are_those_that_match(corpus: Corpus) -> None:
    patterns = compile_patterns(corpus)
    lines = (CASES / "failures.jsonl").read_text(encoding="utf-8").splitlines()
    every = {pair for entry in corpus.entries for pair in entry.patterns()}
    compiled = {pattern: re2.compile(pattern) for _, pattern in every}
    for line in lines[::12]:
        parts = parts_of(read(json.loads(line)["input"]))
        plain = {
            (where, pattern)
            for where, pattern in every
            if parts.get(where) and compiled[pattern].search(parts[where])
        }
        assert patterns.matches(parts) == plain
