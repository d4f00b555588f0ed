"""Decides for each sentence of a text whether the evidence states it: rules first, then a fitted weighing."""

from collections.abc import Sequence

import numpy as np

from assistant.grounding import claims, rules
from assistant.grounding.alignment import align
from assistant.grounding.evidence import Evidence, prepare
from assistant.grounding.features import Features, features
from assistant.grounding.model import Checked, Grounded, grounded
from assistant.grounding.sentences import Piece, plain, split
from assistant.grounding.silence import spoken_of
from assistant.grounding.structure import Sentence, parse
from assistant.grounding.weighing import reason, supported_chance, weights

MAX_TEXT = 60_000  # characters; what comes after is not checked, and so not supported
_MIN_WEIGHT = 1.0  # a sentence that says less claims nothing


def check(
    text: str, evidence: Sequence[str], question: str = "", known: Sequence[str] = (), against: str = ""
) -> Grounded:
    """Which sentences of a text the evidence states.

    `evidence`: passages, cited in the text as [1], [2] …; `question` and `known`: further texts whose
    names and numbers count as given; `against`: the grounded answer, which no sentence may contradict.
    """
    ready = prepare(evidence, [question, *known])
    answer = prepare([against]) if against.strip() else None
    found = [check_piece(piece, ready, answer) for piece in split(plain(text[:MAX_TEXT]))]
    if len(text) > MAX_TEXT:
        found.append(
            Checked(text[MAX_TEXT : MAX_TEXT + 200], MAX_TEXT, len(text), False, why="long", score=0.0)
        )
    return grounded(tuple(found))


def check_piece(piece: Piece, evidence: Evidence, answer: Evidence | None = None) -> Checked:
    """Checks one piece of a text."""
    sentence = parse(piece.text)
    cited = tuple(n for n in sentence.tokens.cited)
    why, detail, score, claim = _judge(piece, sentence, evidence)
    contradicts = bool(answer and claim and why and _contradicts(sentence, answer))
    return Checked(
        piece.text, piece.start, piece.end, not why, contradicts, why, detail, cited,
        _most(sentence, evidence), claim, round(score, 4),
    )  # fmt: skip


def _judge(piece: Piece, sentence: Sentence, evidence: Evidence) -> tuple[str, str, float, bool]:
    """Why it is not supported ("" if it is), what that concerns, how sure, and whether it claims anything."""
    if fault := rules.fault(sentence, evidence):
        return *fault, 0.0, True
    if piece.kind != "prose":
        return "", "", 1.0, piece.kind == "code"
    if claims.is_question(piece.text) or sentence.weight < _MIN_WEIGHT or claims.points_only(sentence):
        return "", "", 1.0, False
    if claims.says_silent(sentence):
        return ("said", "", 0.2, True) if spoken_of(sentence, evidence) else ("", "", 1.0, False)
    measured = features(sentence, evidence)
    chance = supported_chance(measured)
    if chance >= weights().threshold:
        return "", "", chance, True
    return reason(measured), "", chance, True


def _contradicts(sentence: Sentence, answer: Evidence) -> bool:
    """Whether a sentence says of the same things the opposite, another value, or the causes the other way round."""
    if rules.other_value(sentence, answer):
        return True
    measured: Features = features(sentence, answer)
    opposite = max(measured["moved_opposite"], measured["other_opposite"], measured["link_turned"]) > 0.2
    return (measured["cover"] > 0.6 and opposite) or (
        measured["cover"] > 0.4 and measured["other_number"] > 0.3
    )


def _most(sentence: Sentence, evidence: Evidence) -> int | None:
    """The passage that says most of a sentence."""
    columns = np.ones(len(evidence.layout.words), dtype=bool)
    if not columns.any():
        return None
    laid = align(sentence, evidence, columns)
    if not len(laid.words.words) or laid.best(columns).max() == 0:
        return None
    numbers = np.unique(evidence.layout.passage)
    shares = [float((laid.best(evidence.layout.passage == n) * laid.words.weight).sum()) for n in numbers]
    return int(numbers[int(np.argmax(shares))])
