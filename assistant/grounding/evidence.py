"""Evidence made ready once for many sentences: its sentences, what they say, and which names they give."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from assistant.grounding import names
from assistant.grounding.layout import Layout, lay_out
from assistant.grounding.matching import Pool, pool
from assistant.grounding.quantities import Quantity
from assistant.grounding.sentences import plain, split
from assistant.grounding.structure import Sentence, parse

MAX_PASSAGES = 64
MAX_PASSAGE = 6_000  # characters of one passage that are read
MAX_TOTAL = 60_000  # characters of all passages together
_WORDS = re.compile(r"[A-Za-z0-9_][\w.\-]*")


@dataclass(frozen=True, slots=True)
class Evidence:
    """Evidence, ready. `sentences` in order, their words placed in `layout`, to be found in `pool`;
    `names`, their `pieces`, `numbers` and `assigns` are those of each passage; `known` are spellings and numbers of
    the user's case."""

    count: int
    sentences: tuple[Sentence, ...]
    layout: Layout
    pool: Pool
    names: tuple[frozenset[str], ...]
    pieces: tuple[frozenset[str], ...]
    numbers: tuple[tuple[Quantity, ...], ...]
    assigns: tuple[tuple[tuple[str, str, str], ...], ...]
    known: frozenset[str]
    known_numbers: tuple[Quantity, ...]


def prepare(evidence: Sequence[str], given: Sequence[str] = ()) -> Evidence:
    """Reads the evidence; `given` are further texts whose names and numbers count as given."""
    longest = min(MAX_PASSAGE, MAX_TOTAL // max(1, min(len(evidence), MAX_PASSAGES)))
    texts = [plain(passage[:longest]) for passage in evidence[:MAX_PASSAGES]]
    passages = [_sentences(text) for text in texts]
    others = [plain(text[:MAX_PASSAGE]) for text in given[:MAX_PASSAGES]]
    beside = [_sentences(text) for text in others]
    layout = lay_out(passages)
    return Evidence(
        len(texts),
        tuple(sentence for passage in passages for sentence in passage),
        layout,
        pool(layout.words),
        tuple(_spelled(text, passage) for text, passage in zip(texts, passages, strict=True)),
        tuple(_pieces(text) for text in texts),
        tuple(_numbers(passage) for passage in passages),
        tuple(
            tuple(pair for sentence in passage for pair in sentence.tokens.assigns) for passage in passages
        ),
        frozenset().union(*(_spelled(text, parsed) for text, parsed in zip(others, beside, strict=True))),
        tuple(quantity for parsed in beside for quantity in _numbers(parsed)),
    )


def _sentences(text: str) -> list[Sentence]:
    return [parse(piece.text) for piece in split(text)]


def _numbers(passage: list[Sentence]) -> tuple[Quantity, ...]:
    return tuple(
        word.token.quantity for sentence in passage for word in sentence.words if word.token.quantity
    )


def _pieces(text: str) -> frozenset[str]:
    """The words that names in a text are made of: proper names may hide there (LoRA in LoraConfig)."""
    return frozenset(piece for word in _WORDS.findall(text) for piece in names.words(word))


def _spelled(text: str, parsed: list[Sentence]) -> frozenset[str]:
    """Each spelling under which a text names something: words, names, and parts and endings of names."""
    found: set[str] = set()
    for word in _WORDS.findall(text):
        found.update(names.suffixes(word))
        found.update(names.key(part) for part in word.split("."))
    for sentence in parsed:
        for word in sentence.words:
            if word.token.kind == "name":
                found.update(names.suffixes(word.token.text))
        found.update(names.key(span) for span in sentence.tokens.spans)
    return frozenset(found)
