"""Which of two things comes first, is more, or acts on the other: whether a sentence has them as the evidence does."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from assistant.grounding.alignment import Alignment, share
from assistant.grounding.evidence import Evidence
from assistant.grounding.structure import Sentence, Word

_WEIGHT = 0.5  # words that say less do not tell the sides apart
_ADVERBS = frozenset(["then", "afterwards", "later", "subsequently", "随后", "然后", "再"])
_FIRST = frozenset(["先", "first", "首先"])
_SIDED = frozenset(
    [
        "exceed",
        "large",
        "many",
        "high",
        "fast",
        "long",
        "cheap",
        "easy",
        "safe",
        "stable",
        "new",
        "exact",
        "early",
        "better",
        "accurate",
        "good",
        "small",
    ]
)


@dataclass(frozen=True, slots=True)
class Relation:
    """`first` comes before, or has more of `kind` than, `second`; `sign` −1 where it has less."""

    kind: str
    sign: int
    first: tuple[Word, ...]
    second: tuple[Word, ...]


def relations(sentence: Sentence) -> list[Relation]:
    """What a sentence says of before and after, and of more and less."""
    found: list[Relation] = []
    clauses = [clause.words for clause in sentence.clauses]
    for number, words in enumerate(clauses):
        following = clauses[number + 1] if number + 1 < len(clauses) else ()
        earlier = clauses[number - 1] if number else ()
        for at, word in enumerate(words):
            marks = word.token.marks
            if "before" in marks or "after" in marks:
                if not _beside_number(words, at):
                    found += _in_time(words, at, earlier, following)
            elif "than" in marks or word.token.text.endswith(" than"):
                found += _compared(words, at)
    return [one for one in found if _heavy(one.first) and _heavy(one.second)]


def _heavy(words: Sequence[Word]) -> bool:
    return any(word.token.weight >= _WEIGHT for word in words)


def _beside_number(words: Sequence[Word], at: int) -> bool:
    near = [*words[max(0, at - 1) : at], *words[at + 1 : at + 2]]
    return any(word.token.kind == "number" for word in near)


def _in_time(
    words: tuple[Word, ...], at: int, earlier: tuple[Word, ...], following: tuple[Word, ...]
) -> list[Relation]:
    text, marks = words[at].token.text, words[at].token.marks
    left, right = words[:at], words[at + 1 :]
    if text in _FIRST:
        split = next((n for n, word in enumerate(right) if "after" in word.token.marks), None)
        if split is None:
            return [Relation("time", 1, right, following)] if following else []
        return [Relation("time", 1, right[:split], right[split + 1 :])]
    if text in _ADVERBS:
        return [Relation("time", 1, left if _heavy(left) else earlier, right)]
    if text.isascii():
        one = left if _heavy(left) else following
        two = right
    else:  # said after its part: A 之前 B, B 在 A 之前
        opened = next(
            (n for n, word in enumerate(left) if word.token.text in ("在", "应在", "要在", "须在")), None
        )
        two = left if opened is None else left[opened + 1 :]
        one = right if _heavy(right) else left[:opened] if opened and _heavy(left[:opened]) else following
    first, second = (one, two) if "before" in marks else (two, one)
    return [Relation("time", 1, tuple(first), tuple(second))]


def _compared(words: tuple[Word, ...], at: int) -> list[Relation]:
    left, right = words[:at], words[at + 1 :]
    ahead = words[at].token.text.isascii()
    whole = words[at].token.text.endswith(" than")  # read as one: smaller than
    among = (
        [*words[at : at + 1], *reversed(left)] if whole else list(reversed(left)) if ahead else list(right)
    )
    for number, word in enumerate(among):
        for concept, sign in word.senses:
            if concept in _SIDED:
                if not ahead:
                    right = right[:number]
                return [Relation(concept, sign, tuple(left), tuple(right))]
    return []


def order_features(
    sentence: Sentence, evidence: Evidence, laid: Alignment, columns: np.ndarray
) -> dict[str, float]:
    """How much better the two sides of a relation, or of a doing word, would fit changed over."""
    here = {id(word): row for row, word in enumerate(laid.words.words)}
    there = {id(word): at for at, word in enumerate(evidence.layout.words)}
    numbers = [int(n) for n in np.unique(evidence.layout.sentence[columns])]
    others = [one for number in numbers for one in relations(evidence.sentences[number])]
    turned = kept = 0.0
    for one in relations(sentence):
        first, second = _places(one.first, here), _places(one.second, here)
        for other in others:
            if other.kind != one.kind:
                continue
            a, b = _places(other.first, there), _places(other.second, there)
            if one.sign != other.sign:
                a, b = b, a
            forth = min(_between(laid, first, a), _between(laid, second, b))
            back = min(_between(laid, first, b), _between(laid, second, a))
            turned, kept = max(turned, back - forth), max(kept, forth - back)
    return {"order_turned": turned, "order_kept": kept, "acts_turned": _acts(laid, evidence, columns)}


def _acts(laid: Alignment, evidence: Evidence, columns: np.ndarray) -> float:
    """The same for what stands before and after a doing word, where the evidence has the same one."""
    words, theirs = laid.words, evidence.layout
    worst = 0.0
    for row, word in enumerate(words.words):
        if not word.token.negatable or word.token.weight < _WEIGHT:
            continue
        mine = np.flatnonzero(words.segment == words.segment[row])
        left, right = mine[mine < row], mine[mine > row]
        if not len(left) or not len(right):
            continue
        turns: list[float] = []
        for at in np.flatnonzero(columns & (laid.strength[row] >= 0.95)):
            inside = np.flatnonzero(columns & (theirs.segment == theirs.segment[at]))
            before, after = inside[inside < at], inside[inside > at]
            forth = _between(laid, left, before) + _between(laid, right, after)
            back = _between(laid, left, after) + _between(laid, right, before)
            turns.append(back - forth)
        if turns:
            worst = max(worst, min(turns))
    return min(worst, 2.0)


def _places(words: Sequence[Word], places: dict[int, int]) -> np.ndarray:
    return np.array([places[id(word)] for word in words if id(word) in places], dtype=int)


def _between(laid: Alignment, rows: np.ndarray, columns: np.ndarray) -> float:
    if not len(rows) or not len(columns):
        return 0.0
    heavy = rows[laid.words.weight[rows] >= _WEIGHT]
    if not len(heavy):
        return 0.0
    return share(laid.strength[np.ix_(heavy, columns)].max(axis=1), laid.words.weight[heavy])
