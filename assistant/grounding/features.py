"""What is measured of a sentence beside the evidence: numbers that a small fitted model weighs.

Each function answers one question: is it said at all, with this sign, in this place, this strongly.
"""

from dataclasses import replace

import numpy as np

from assistant.grounding import names
from assistant.grounding.alignment import MATCHED, Alignment, align, share
from assistant.grounding.binding import bind_features, order, paired_off, verbatim
from assistant.grounding.differing import diff_features
from assistant.grounding.evidence import Evidence
from assistant.grounding.layout import Floats
from assistant.grounding.linking import link_features, pole_features
from assistant.grounding.ordering import order_features
from assistant.grounding.parting import part_features
from assistant.grounding.placing import place_features
from assistant.grounding.quantities import same
from assistant.grounding.structure import Sentence, Word

Features = dict[str, float]

# Marks that make a claim stronger than the evidence may be; compared one by one.
_STRENGTH = ("only", "all", "always", "never", "sure", "total", "must", "best")


def features(sentence: Sentence, evidence: Evidence) -> Features:
    """All that is measured of one sentence."""
    cited = [n for n in sentence.tokens.cited if 1 <= n <= evidence.count]
    everywhere = np.ones(len(evidence.layout.words), dtype=bool)
    columns = np.isin(evidence.layout.passage, cited) if cited else everywhere
    laid = _without_asked(align(sentence, evidence, columns), evidence)
    found: Features = {}
    found.update(_cover_features(laid, evidence, columns))
    if cited:
        anywhere = _without_asked(align(sentence, evidence, everywhere), evidence)
        all_cover = _cover_features(anywhere, evidence, everywhere)
        found["cite_gap"] = max(0.0, all_cover["cover_passage"] - found["cover_passage"])
        found["cite_gap_sentence"] = max(0.0, all_cover["cover"] - found["cover"])
    else:
        found["cite_gap"] = found["cite_gap_sentence"] = 0.0
    best = _best_sentence(laid, evidence, columns)
    found.update(place_features(laid, evidence, columns))
    found.update(_missing_features(laid, columns))
    found.update(bind_features(laid, evidence, columns))
    found.update(pole_features(laid, evidence, columns))
    found.update(_name_features(sentence, evidence, cited))
    found.update(_strength_features(sentence, evidence, columns, best))
    found.update(link_features(sentence, evidence, laid, columns))
    found.update(part_features(laid, evidence, columns))
    found.update(diff_features(sentence, evidence, columns))
    found.update(order_features(sentence, evidence, laid, columns))
    content = [word for word in laid.words.words if word.token.weight >= 0.5]
    found["short"] = float(len(content) <= 3)
    found["repeated"] = 1 - len({word.token.key for word in content}) / len(content) if content else 0.0
    found["verbatim"] = verbatim(laid, columns)
    found["paired_off"] = paired_off(laid, evidence, columns)
    found["turned"] = order(laid, columns)
    found["cross"] = float(
        _chinese(sentence.text) != _chinese(evidence.sentences[0].text if evidence.sentences else "")
    )
    return found


_ASKED = 0.2  # what a name or number of the user's own weighs that the evidence does not have


def _without_asked(laid: Alignment, evidence: Evidence) -> Alignment:
    """The alignment with little weight on what only the user's question gives: it need not be in the evidence."""
    weight = laid.words.weight.copy()
    best = laid.strength.max(axis=1, initial=0.0)
    for row, word in enumerate(laid.words.words):
        if best[row] >= MATCHED or word.token.kind not in ("name", "number"):
            continue
        quantity = word.token.quantity
        asked = given(word, evidence.known) if word.token.kind == "name" else False
        if asked or (quantity and any(same(quantity, other) for other in evidence.known_numbers)):
            weight[row] = _ASKED
    return replace(laid, words=replace(laid.words, weight=weight))


def _missing_features(laid: Alignment, columns: np.ndarray) -> Features:
    """What kind of words the evidence does not have: doing words, qualities, things, unknown words, numbers."""
    found = dict.fromkeys(
        ("missing_act", "missing_quality", "missing_thing", "missing_word", "missing_name"), 0.0
    )
    for word, weight, best in zip(laid.words.words, laid.words.weight, laid.best(columns), strict=True):
        token = word.token
        if weight < 0.5 or best >= MATCHED:
            continue
        if token.kind != "word":
            found["missing_name"] += 1
        elif not token.concepts:
            found["missing_word"] += 1
        elif "quality" in token.marks:
            found["missing_quality"] += 1
        else:
            found["missing_act" if token.negatable else "missing_thing"] += 1
    return {name: min(value, 4.0) for name, value in found.items()}


def _grouped(laid: Alignment, groups: np.ndarray, columns: np.ndarray) -> tuple[Floats, np.ndarray]:
    """The best share of the sentence in each group of the evidence's words, and the groups."""
    kinds = np.unique(groups[columns])
    shares = np.array([share(laid.best(columns & (groups == kind)), laid.words.weight) for kind in kinds])
    return shares, kinds


def _cover_features(laid: Alignment, evidence: Evidence, columns: np.ndarray) -> Features:
    layout = evidence.layout
    if not columns.any():
        return dict.fromkeys(("cover", "cover_passage", "cover_union", "missing", "missing_top"), 0.0)
    best = laid.best(columns)
    gaps = np.where(laid.words.weight >= 0.5, (1 - best) * laid.words.weight, 0.0)
    return {
        "cover": float(_grouped(laid, layout.sentence, columns)[0].max()),
        "cover_passage": float(_grouped(laid, layout.passage, columns)[0].max()),
        "cover_union": share(best, laid.words.weight),
        "missing": min(float(gaps.sum()), 10.0) / 4,
        "missing_top": float(gaps.max()) if len(gaps) else 0.0,
    }


def _best_sentence(laid: Alignment, evidence: Evidence, columns: np.ndarray) -> Sentence | None:
    if not columns.any():
        return None
    shares, kinds = _grouped(laid, evidence.layout.sentence, columns)
    return evidence.sentences[int(kinds[int(shares.argmax())])]


def _name_features(sentence: Sentence, evidence: Evidence, cited: list[int]) -> Features:
    passages = cited or list(range(1, evidence.count + 1))
    spelled = frozenset().union(*(evidence.names[n - 1] for n in passages))
    pieces = frozenset().union(*(evidence.pieces[n - 1] for n in passages))
    everywhere = frozenset().union(*evidence.names)
    unknown = elsewhere = asked = 0.0
    for word in sentence.words:
        if (
            word.token.kind != "name"
            or given(word, spelled)
            or (not word.token.code and word.token.key in pieces)
        ):
            continue
        weight = 1.0 if word.token.code else 0.7
        if given(word, everywhere):
            elsewhere += weight
        elif given(word, evidence.known):
            asked += weight
        else:
            unknown += weight
    return {
        "names_unknown": min(unknown, 2.0),
        "names_elsewhere": min(elsewhere, 2.0),
        "names_asked": min(asked, 2.0),
    }


def given(word: Word, spelled: frozenset[str]) -> bool:
    """Whether a name occurs in texts with these spellings, whole or part by part."""
    whole = names.key(word.token.text)
    if whole in spelled:
        return True
    parts = [part for part in whole.split(".") if part]
    return len(parts) > 1 and all(part in spelled for part in parts)


def _strength_features(
    sentence: Sentence, evidence: Evidence, columns: np.ndarray, best: Sentence | None
) -> Features:
    there = best.marks if best else frozenset()
    numbers = np.unique(evidence.layout.sentence[columns])
    anywhere = frozenset().union(*(evidence.sentences[int(number)].marks for number in numbers))
    found: Features = {}
    for mark in _STRENGTH:
        here = mark in sentence.marks and (mark != "sure" or _assures(sentence))
        found[f"{mark}_new"] = float(here and mark not in there)
        found[f"{mark}_new_all"] = float(here and mark not in anywhere)
    for name in ("new", "new_all"):
        found[f"strong_{name}"] = sum(
            found[f"{mark}_{name}"] for mark in ("all", "always", "never", "sure", "total")
        )
    return found


def _assures(sentence: Sentence) -> bool:
    """Whether something is said to be sure: "it guarantees", and not "make sure", 「保证…」 as advice."""
    for segment in sentence.segments:
        heavy = [word for word in segment if word.token.weight >= 0.1 or "sure" in word.token.marks]
        if any("sure" in word.token.marks for word in heavy[1:]):
            return True
    return False


def _chinese(text: str) -> bool:
    return any("\u4e00" <= character <= "\u9fff" for character in text)
