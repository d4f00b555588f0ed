"""Lays a sentence on the evidence, word by word, with an eye to what stands around each word.

A word that occurs more than once in the evidence is laid on the occurrence whose surroundings are most
like its own. A false sentence made of true words shows where a rival (another name, number, system, or
the opposite) stands closer to those surroundings in the evidence than the word itself does.
"""

from dataclasses import dataclass

import numpy as np

from assistant.grounding.evidence import Evidence
from assistant.grounding.layout import Floats, Layout, distances, lay_out
from assistant.grounding.matching import matches
from assistant.grounding.structure import Sentence

_REACH = 3.0  # how fast nearness fades, in words
MATCHED = 0.55  # from which strength on a word counts as found
_LONGEST = 120  # words of a sentence that are aligned
_PLACES = 32  # occurrences of one word that are looked at
_CLOSER = 0.31


@dataclass(frozen=True, slots=True)
class Alignment:
    """`strength[i, j]`: how well word i of the sentence is matched by word j of the evidence; `agrees` with
    which sign; `context[i, j]`: how well j stands where i stands (0 to 1); `support[i]` how much of the
    surroundings of i was matched at all."""

    words: Layout
    strength: Floats
    agrees: np.ndarray
    context: Floats
    support: Floats

    def best(self, columns: np.ndarray) -> Floats:
        """The best strength of each word among the evidence's words that are chosen."""
        if not columns.any() or not len(self.words.words):
            return np.zeros(len(self.words.words))
        found: Floats = self.strength[:, columns].max(axis=1)
        return found


def align(sentence: Sentence, evidence: Evidence, columns: np.ndarray) -> Alignment:
    """Aligns a sentence with the words of the evidence that are chosen by `columns`."""
    words = lay_out([[sentence]], _LONGEST)
    size, width = len(words.words), len(evidence.layout.words)
    strength = np.zeros((size, width))
    agrees = np.ones((size, width), dtype=bool)
    for row, word in enumerate(words.words):
        for match in matches(word, evidence.pool):
            if match.strength > strength[row, match.at]:
                strength[row, match.at] = match.strength
                agrees[row, match.at] = match.agrees
    strength[:, ~columns] = 0.0
    agrees[:, _conditional(evidence)] = True  # what happens only in a case is neither yes nor no
    # a looser match counts only where there is no closer one
    if width:
        strength[strength < strength.max(axis=1, keepdims=True) - _CLOSER] = 0.0
    context, support = _context(words, evidence.layout, strength)
    return Alignment(words, strength, agrees, context, support)


def _conditional(evidence: Evidence) -> np.ndarray:
    only = [{"only", "cond"} <= sentence.marks for sentence in evidence.sentences]
    return np.array(only, dtype=bool)[evidence.layout.sentence] if only else np.zeros(0, dtype=bool)


def _context(words: Layout, there: Layout, strength: Floats) -> tuple[Floats, Floats]:
    size, width = strength.shape
    if not size or not width:
        return np.zeros((size, width)), np.zeros(size)
    # reach[n, j]: how near the evidence's word j is to a place where word n of the sentence is matched
    reach = np.zeros((size, width))
    for row in range(size):
        places = np.flatnonzero(strength[row] >= MATCHED)[:_PLACES]
        if len(places):
            nearness = np.exp(-distances(there, places) / _REACH)
            nearness[np.arange(len(places)), places] = (
                0.0  # what stands there itself says nothing of the place
            )
            reach[row] = (nearness * strength[row, places][:, None]).max(axis=0)
    near = np.exp(-np.abs(words.x[:, None] - words.x[None, :]) / _REACH) * words.weight[None, :]
    np.fill_diagonal(near, 0.0)
    matched = (strength.max(axis=1) >= MATCHED).astype(float)
    support = near @ matched
    total = near.sum(axis=1)
    context = (near * matched[None, :]) @ reach / np.maximum(support, 1e-9)[:, None]
    return context, support / np.maximum(total, 1e-9)


def share(strength: Floats, weight: Floats) -> float:
    """The weighted share of words that is matched, 1.0 where there is nothing to match."""
    total = weight.sum()
    return float((strength * weight).sum() / total) if total else 1.0
