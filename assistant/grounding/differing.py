"""What a sentence changes in a sentence of the evidence that it repeats nearly word for word, in one language."""

import re
from difflib import SequenceMatcher
from functools import lru_cache

import numpy as np

from assistant.grounding.evidence import Evidence
from assistant.grounding.lexicon import STOP, stem
from assistant.grounding.structure import Sentence
from assistant.grounding.tokens import tokens

_PIECE = re.compile(r"`[^`]+`|[A-Za-z0-9_]+(?:[.'’][A-Za-z0-9_]+)*|[\u4e00-\u9fff]|[<>≥≤=×]")
_CITED = re.compile(r"\s*\[\d+(?:\s*[,，-]\s*\d+)*\]")
_ARTICLES = frozenset(["a", "an", "the", "的", "了", "也", "都", "就"])
_AMOUNTS = frozenset(["only", "all", "always", "never", "sure", "total", "must", "may", "best", "also"])
_COMPARED = 3  # evidence sentences that share most pieces
_NAMES = ("diff_same", "diff_new", "diff_denies", "diff_replaced", "diff_moved", "diff_amount", "diff_drops")


@lru_cache(maxsize=1 << 12)
def pieces(text: str) -> tuple[str, ...]:
    """Words, code spans and Chinese characters in order, without articles and citations."""
    found = _PIECE.findall(_CITED.sub("", text))
    return tuple(
        stem(piece) if piece.isascii() else piece for piece in found if piece.lower() not in _ARTICLES
    )


@lru_cache(maxsize=1 << 13)
def _marks(chunk: tuple[str, ...]) -> frozenset[str]:
    chinese = any("\u4e00" <= piece <= "\u9fff" for piece in chunk)
    text = ("" if chinese else " ").join(piece for piece in chunk if piece[0] != "`")
    return frozenset(mark for item in tokens(text).items for mark in item.marks)


def diff_features(sentence: Sentence, evidence: Evidence, columns: np.ndarray) -> dict[str, float]:
    """How much is repeated in order, and what was put in, taken out, replaced or moved between what is."""
    ours = pieces(sentence.text)
    best: dict[str, float] = dict.fromkeys(_NAMES, 0.0)
    if not ours:
        return best
    there = {int(number) for number in np.unique(evidence.layout.sentence[columns])}
    ranked = sorted(
        (pieces(evidence.sentences[number].text) for number in there),
        key=lambda other: len(set(ours) & set(other)),
        reverse=True,
    )
    for theirs in ranked[:_COMPARED]:
        found = _compared(theirs, ours)
        if found["diff_same"] > best["diff_same"]:
            best = found
    return best


def _compared(theirs: tuple[str, ...], ours: tuple[str, ...]) -> dict[str, float]:
    codes = SequenceMatcher(None, theirs, ours, autojunk=False).get_opcodes()
    same = sum(j2 - j1 for tag, _, _, j1, j2 in codes if tag == "equal")
    first = next((at for at, code in enumerate(codes) if code[0] == "equal"), len(codes))
    last = max((at for at, code in enumerate(codes) if code[0] == "equal"), default=-1)
    new = replaced = moved = denies = amount = drops = 0
    for at, (tag, i1, i2, j1, j2) in enumerate(codes):
        if tag == "equal":
            continue
        put, taken = ours[j1:j2], theirs[i1:i2]
        inside = first < at < last
        if not inside:  # what stands before or after may be an opening or another clause
            taken = taken[-2:] if at < first else taken[:2] if len(put) else ()
        if at < first and len(put) > 2:
            put = put[-2:]
        marks, lost = _marks(put), _marks(taken)
        denies += ("neg" in marks) + ("neg" in lost)
        amount += bool((marks - lost) & _AMOUNTS)
        drops += inside and bool((lost - marks) & {"only", "may", "cond"})
        content = [piece for piece in put if piece not in STOP]
        elsewhere = sum(piece in theirs for piece in content)
        moved += elsewhere
        new += len(content) - elsewhere
        if tag == "replace" and len(put) <= 4 and len(taken) <= 4 and len(content) > elsewhere:
            replaced += 1
    share = same / len(ours)
    return {
        "diff_same": share, "diff_new": min(new, 6) * share, "diff_denies": float(denies % 2) * share,
        "diff_replaced": min(replaced, 3) * share, "diff_moved": min(moved, 4) * share,
        "diff_amount": min(amount, 2) * share, "diff_drops": min(drops, 2) * share,
    }  # fmt: skip
