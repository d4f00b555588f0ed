"""Whether a sentence that says that the evidence is silent on something is wrong, because it is not."""

import numpy as np

from assistant.grounding.alignment import align
from assistant.grounding.evidence import Evidence
from assistant.grounding.structure import Sentence

# What such a sentence is about is none of these.
_TELLING = frozenset(
    [
        "speak",
        "evidence",
        "show",
        "answer",
        "answer_thing",
        "find",
        "question",
        "log",
        "teaching",
        "number",
        "possible",
    ]
)
_SAID = 0.62  # share of what it is about that one sentence of the evidence must have


def spoken_of(sentence: Sentence, evidence: Evidence) -> bool:
    """Whether one sentence of the evidence has what the sentence says is not in it."""
    everywhere = np.ones(len(evidence.layout.words), dtype=bool)
    if not everywhere.any():
        return False
    laid = align(sentence, evidence, everywhere)
    rows = np.array(
        [
            row
            for row, word in enumerate(laid.words.words)
            if word.token.weight >= 0.5
            and "about_evidence" not in word.token.marks
            and not any(concept in _TELLING for concept, _ in word.token.concepts)
        ],
        dtype=int,
    )
    weight = laid.words.weight[rows]
    if weight.sum() < 1.6:
        return False
    for number in np.unique(evidence.layout.sentence):
        strength = laid.strength[np.ix_(rows, np.flatnonzero(evidence.layout.sentence == number))].max(axis=1)
        if (strength * weight).sum() / weight.sum() >= _SAID:
            return True
    return False
