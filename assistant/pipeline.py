"""The whole flow, to be read aloud: read the messages, build the case, diagnose, search if the
signatures did not decide, rank, and answer or abstain.

    engine = load_engine()
    answer = answer_turns(engine, ["RuntimeError: CUDA out of memory …"])

An engine answers without an index too (by signatures and evidence alone) while there is none.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from assistant.answering import Answer, Basis, abstain, compose, public_facts
from assistant.calibration import GateFeatures, covered, threshold, topic_probabilities
from assistant.case import Case, build_case
from assistant.diagnosis import (
    Diagnosis,
    Patterns,
    compile_patterns,
    diagnose,
    link,
    rejects_advice,
    says_thanks,
)
from assistant.reading import Reading, read
from assistant.reading.domain import domain_signs
from assistant.reading.model import Fact
from assistant.retrieval import (
    Candidate,
    Similarity,
    candidates,
    is_decided,
    query_of,
    ranked_points,
    similarities,
)
from assistant.tailoring import tailored
from corpus import Corpus, load
from corpus.parse import ENTRIES

if TYPE_CHECKING:
    from index.search import Hit, Index

_RIVALS, _REMEMBERED, _SIGNS = 6, 4, 8_000
_DIAGNOSED = 2
"""Entries that a search shows before what the index finds."""
_API_SURE = 0.8
"""Confidence with which a question on an API is answered by the installed libraries, whatever the corpus has."""
NEAR = 0.25
"""Above this probability an abstention names the nearest subject."""


def _no_index() -> "Index | None":
    return None


@dataclass(frozen=True)
class Engine:
    """What answering needs: the corpus, its compiled patterns, and a function that gives the index
    (None while there is none), called only when the signatures leave something to search for. `cache` is the folder
    with what was made from the installed libraries (their messages, their names); None for without."""

    corpus: Corpus
    patterns: Patterns
    find_index: "Callable[[], Index | None]" = _no_index
    cache: Path | None = None


@dataclass(frozen=True, slots=True)
class Options:
    """How to answer: `lang` "auto", "en" or "zh"; `length` "short" or "full"; `machine`, a report
    of the machine in question, counted where the messages say nothing else; `facts`, what the user set right
    of what was read; `here` says that this process runs on the user's own machine. For a language model: the `preset` ("auto", "factual", "balanced", "creative"), numbers of `sampling` that replace
    the preset's, and `adapter` ("auto", or "none" for the model without one)."""

    lang: str = "auto"
    length: str = "full"
    preset: str = "auto"
    machine: str = ""
    adapter: str = "auto"
    sampling: Mapping[str, float] | None = None
    facts: Mapping[str, Fact] | None = None
    here: bool = True


def load_engine(
    cache: Path | None = None,
    find_index: "Callable[[], Index | None]" = _no_index,
    entries: Path = ENTRIES,
) -> Engine:
    """An engine over a corpus, ours if no other folder of entries is named. `cache` is the folder that
    the parsed corpus is kept in."""
    corpus = load(entries, cache)
    return Engine(corpus, compile_patterns(corpus), find_index, cache)


def answer_turns(engine: Engine, turns: Sequence[str | bytes], options: Options = Options()) -> Answer:
    """Answers the last of a conversation's messages (the user's, oldest first; at least one)."""
    started = time.perf_counter()
    answer = answer_readings(engine, [read(turn) for turn in turns], options)
    preset = "factual" if options.preset == "auto" else options.preset
    return replace(answer, preset=preset, ms=round((time.perf_counter() - started) * 1000, 2))


def answer_readings(engine: Engine, readings: Sequence[Reading], options: Options = Options()) -> Answer:
    """As answer_turns, for messages that were read already."""
    case = build_case(readings, options.lang, options.machine, options.facts)
    if not case.reading.text.strip() or says_thanks(case.reading):
        return abstain(case, 0.0)
    ranking = rank_case(engine, case)
    probability = probability_covered(case, ranking)
    abstains = not ranking.candidates or probability < threshold(searched=ranking.searched)
    asked = _of_the_api(engine, case, ranking)
    if asked and (asked.confidence >= _API_SURE or abstains):
        return asked
    if abstains:
        near = ranking.candidates[0].diagnosis.entry if ranking.candidates else None
        said = abstain(case, probability, near if probability >= NEAR else None)
        return tailored(said, case, {}, engine.corpus, here=options.here, cache=engine.cache)
    best, *rest = _not_rejected(ranked_points(ranking.candidates, ranking.similar), engine, readings, options)
    rivals = [*rest, *_other_topics(ranking.candidates, best)]
    basis: Basis = "signature" if best.signature else "retrieval"
    answer = compose(case, best, rivals, probability, basis, short=options.length == "short")
    return tailored(answer, case, best.captures, engine.corpus, here=options.here, cache=engine.cache)


def _of_the_api(engine: Engine, case: Case, ranking: "Ranking") -> Answer | None:
    """The answer to a question on a name of the installed libraries, where it is one."""
    if engine.cache is None or ranking.decided or case.reading.kind not in ("question", "config"):
        return None
    from assistant.reference import answer_api

    said = answer_api(case, cache=engine.cache)
    if said is None:
        return None
    best = ranking.candidates[0].diagnosis.entry.topic if ranking.candidates else None
    return Answer(
        lang=case.lang,
        kind=case.reading.kind,
        topic=said.topic or best,
        confidence=round(said.confidence, 3),
        abstained=False,
        parts=tuple(said.parts),
        basis="source",
        citations=tuple(said.citations),
        facts=public_facts(case),
        origins=case.origins,
        statements=tuple(said.statements),
    )


def _not_rejected(
    points: Sequence[Diagnosis], engine: Engine, readings: Sequence[Reading], options: Options
) -> Sequence[Diagnosis]:
    """The points without the one that was answered before, where the user says that it did not help:
    it goes to the end."""
    if len(readings) < 2 or len(points) < 2 or not rejects_advice(readings[-1]):
        return points
    before = answer_readings(engine, readings[:-1][-_REMEMBERED:], options)
    tried = [each for each in points if (each.entry.id, each.point.id) == (before.entry, before.point)]
    return [*(each for each in points if each not in tried), *tried]


def _other_topics(ranked: Sequence[Candidate], best: Diagnosis) -> list[Diagnosis]:
    """What else an error may be: entries of other topics whose signatures are as strong."""
    return [
        each.diagnosis
        for each in ranked[:_RIVALS]
        if each.diagnosis.entry.topic != best.entry.topic and each.diagnosis.signature >= best.signature > 0
    ]


@dataclass(frozen=True, slots=True)
class Ranking:
    """The candidates for a case, best first; the probability of each topic by the words alone; what
    the index found (None where it was not searched); whether signatures decided, so that neither was
    looked at."""

    candidates: tuple[Candidate, ...]
    topics: Mapping[str, float]
    similar: Mapping[tuple[str, str], Similarity] | None
    decided: bool = False

    @property
    def searched(self) -> bool:
        return self.similar is not None


def rank_case(engine: Engine, case: Case) -> Ranking:
    """Diagnoses a case, searches if the signatures did not decide, and ranks what was found."""
    diagnoses = diagnose(case, engine.patterns)
    if is_decided(diagnoses):
        return Ranking(candidates(engine.corpus, diagnoses, {}, None), {}, None, decided=True)
    index = engine.find_index()
    topics = topic_probabilities(query_of(case))
    similar = similarities(case, index) if index else None
    return Ranking(candidates(engine.corpus, diagnoses, topics, similar), topics, similar)


def search(engine: Engine, query: str, k: int = 5, lang: str | None = None) -> "tuple[Hit, ...]":
    """Passages for a text: where the corpus covers it, those of the points that the diagnosis ranks first (of the
    two best entries), then what the index finds. Empty while there is no index."""
    index = engine.find_index()
    if index is None or not query.strip() or k < 1:
        return ()
    found = index.search(query, k, lang)
    case = build_case([read(query)], lang or "auto")
    if not case.reading.text.strip():
        return found
    ranking = rank_case(engine, case)
    if probability_covered(case, ranking) < threshold(searched=ranking.searched):
        return found
    wanted = [
        f"{each.diagnosis.entry.id}#{each.diagnosis.point.id}" for each in ranking.candidates[:_DIAGNOSED]
    ]
    first = [hit for name in wanted if (hit := _hit(index, name, case.lang, found)) is not None]
    return (*first, *(hit for hit in found if hit.passage.id.rpartition(".")[0] not in wanted))[:k]


def _hit(index: "Index", name: str, lang: str, found: "Sequence[Hit]") -> "Hit | None":
    """The passage of a point as a search gives it, scored no lower than what the index found best."""
    from index.search import Hit

    for hit in found:
        if hit.passage.id.rpartition(".")[0] == name:
            return replace(hit, score=max(hit.score, found[0].score))
    passage = next((each for each in index.passages if each.id == f"{name}.{lang}"), None)
    return Hit(passage, found[0].score if found else 0.0, 0.0, 0.0) if passage else None


def probability_covered(case: Case, ranking: Ranking) -> float:
    """How likely the corpus covers a case. An error that names itself is covered, unless all else in the
    message is of other software: ports and CUDA errors are everybody's."""
    words, libraries, foreign = domain_signs(case.reading.text[:_SIGNS])
    if ranking.decided and (libraries or words > 1 or not foreign):
        return max(candidate.diagnosis.signature for candidate in ranking.candidates)
    return covered(gate_features(case, ranking), searched=ranking.searched)


def gate_features(case: Case, ranking: Ranking) -> GateFeatures:
    """The signs that the abstention gate weighs."""
    # a follow-up ("already tried that") has few signs of its own: what it goes on with lends it some
    earlier = case.turns[:-1]
    share = link(case.reading, earlier)
    now = domain_signs(case.reading.text[:_SIGNS])
    before = domain_signs(earlier[-1].text[:_SIGNS]) if share else (0.0, 0.0, 0.0)
    words, libraries, foreign = (max(new, share * old) for new, old in zip(now, before, strict=True))
    best = ranking.candidates[0].features if ranking.candidates else None
    return GateFeatures(
        signature=best.signature if best else 0.0,
        found=best.found if best else 0.0,
        cues=best.cues if best else 0.0,
        lexical=best.lexical if best else 0.0,
        dense=best.dense if best else 0.0,
        topic=best.topic if best else 0.0,
        domain=words,
        libraries=libraries,
        foreign=foreign,
    )
