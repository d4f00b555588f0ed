"""Both languages of an entry lead to it: searched with its English questions and with its Chinese ones."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean

import pytest

from corpus import Corpus, load
from corpus.model import LANGS
from index import load as load_index

ASKS = 3
"""Questions of an entry and language that are searched, spread over its causes: all would take a minute."""


@dataclass(frozen=True)
class Found:
    """One question of an entry and where the entry stands among the first five results (0: not there)."""

    entry: str
    ask: str
    rank: int


def asked(corpus: Corpus, lang: str) -> list[tuple[str, str]]:
    """Entries with some of their questions."""
    pairs = []
    for entry in corpus.entries:
        asks = [ask for point in entry.points for ask in point.asks[lang]]
        pairs += [(entry.id, ask) for ask in asks[:: max(1, len(asks) // ASKS)][:ASKS]]
    return pairs


@pytest.fixture(scope="module")
def found(index_cache: Path) -> Mapping[str, list[Found]]:
    """By language, where each question leads."""
    index, corpus = load_index(index_cache / "index"), load()
    return {
        lang: [
            Found(entry, ask, _rank(entry, [hit.passage.entry for hit in index.search(ask, 5, lang)]))
            for entry, ask in asked(corpus, lang)
        ]
        for lang in LANGS
    }


def _rank(entry: str, entries: list[str]) -> int:
    return entries.index(entry) + 1 if entry in entries else 0


def test_every_entry_has_questions_in_both_languages(found: Mapping[str, list[Found]]) -> None:
    entries = {entry.id for entry in load().entries}
    for lang in LANGS:
        assert {each.entry for each in found[lang]} == entries


@pytest.mark.parametrize("first", [1, 5])
def test_both_languages_find_their_entries_equally_well(found: Mapping[str, list[Found]], first: int) -> None:
    shares = {lang: fmean(0 < each.rank <= first for each in found[lang]) for lang in LANGS}
    assert abs(shares["en"] - shares["zh"]) <= 0.03, shares
    assert min(shares.values()) >= {1: 0.9, 5: 0.98}[first], shares


@pytest.mark.parametrize("lang", LANGS)
def test_no_entry_is_out_of_reach(found: Mapping[str, list[Found]], lang: str) -> None:
    ranks: dict[str, list[int]] = defaultdict(list)
    for each in found[lang]:
        ranks[each.entry].append(each.rank)
    lost = {
        entry: [each.ask for each in found[lang] if each.entry == entry]
        for entry, own in ranks.items()
        if not any(own)
    }
    assert not lost
