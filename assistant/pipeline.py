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

from assistant.answering import Answer, Basis, abstain, compose
from assistant.calibration import GateFeatures, covered, threshold, topic_probabilities
from assistant.calibration.domain import domain_signs
from assistant.case import Case, build_case
from assistant.diagnosis import Diagnosis, Patterns, compile_patterns, diagnose
from assistant.reading import Reading, read
from assistant.retrieval import Candidate, candidates, is_decided, query_of
from corpus import Corpus, load

if TYPE_CHECKING:
    from index.search import Index

NEAR = 0.25
"""Above this probability an abstention names the nearest subject."""


def _no_index() -> "Index | None":
    return None


@dataclass(frozen=True)
class Engine:
    """What answering needs: the corpus, its compiled patterns, and a function that gives the index
    (None while there is none), called only when the signatures leave something to search for."""

    corpus: Corpus
    patterns: Patterns
    find_index: "Callable[[], Index | None]" = _no_index


@dataclass(frozen=True, slots=True)
class Options:
    """How to answer: `lang` "auto", "en" or "zh"; `length` "short" or "full"; `machine`, a report
    of the machine in question, read like a message that came before the conversation."""

    lang: str = "auto"
    length: str = "full"
    preset: str = "auto"
    machine: str = ""


def load_engine(cache: Path | None = None, find_index: "Callable[[], Index | None]" = _no_index) -> Engine:
    """An engine over our corpus. `cache` is the folder that the parsed corpus is kept in."""
    corpus = load(cache=cache)
    return Engine(corpus, compile_patterns(corpus), find_index)


def answer_turns(engine: Engine, turns: Sequence[str | bytes], options: Options = Options()) -> Answer:
    """Answers the last of a conversation's messages (the user's, oldest first; at least one)."""
    started = time.perf_counter()
    machine = read(options.machine) if options.machine else None
    answer = answer_readings(engine, [read(turn) for turn in turns], options, machine)
    preset = "factual" if options.preset == "auto" else options.preset
    return replace(answer, preset=preset, ms=round((time.perf_counter() - started) * 1000, 2))


def answer_readings(
    engine: Engine, readings: Sequence[Reading], options: Options = Options(), machine: Reading | None = None
) -> Answer:
    """As answer_turns, for messages that were read already."""
    case = build_case(readings, options.lang, machine)
    if not case.reading.text.strip():
        return abstain(case, 0.0)
    ranking = rank_case(engine, case)
    probability = covered(gate_features(case, ranking), searched=ranking.searched)
    if not ranking.candidates or probability < threshold(searched=ranking.searched):
        near = ranking.candidates[0].diagnosis.entry if ranking.candidates else None
        return abstain(case, probability, near if probability >= NEAR else None)
    best, *rest = (candidate.diagnosis for candidate in ranking.candidates)
    basis: Basis = "signature" if best.signature else "retrieval"
    return compose(case, best, rest[:6], probability, basis, short=options.length == "short")


@dataclass(frozen=True, slots=True)
class Ranking:
    """The candidates for a case, best first; the probability of each topic by the words alone; and
    whether the index was searched."""

    candidates: tuple[Candidate, ...]
    topics: Mapping[str, float]
    searched: bool


def rank_case(engine: Engine, case: Case) -> Ranking:
    """Diagnoses a case, searches if the signatures did not decide, and ranks what was found."""
    diagnoses = diagnose(case, engine.corpus, engine.patterns)
    before = _before(engine, case)
    index = None if is_decided(diagnoses) else engine.find_index()
    topics = topic_probabilities(query_of(case.reading, case.turns[:-1]))
    ranked = candidates(case, engine.corpus, diagnoses, topics, before, index)
    return Ranking(ranked, topics, index is not None)


def gate_features(case: Case, ranking: Ranking) -> GateFeatures:
    """The signs that the abstention gate weighs."""
    words, libraries, foreign = domain_signs(case.reading.text[:8_000])
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
        earlier=best.earlier if best else 0.0,
    )


def _before(engine: Engine, case: Case) -> tuple[Diagnosis, ...]:
    """What the conversation was about before its last message: the latest earlier message that
    anything is known of counts."""
    for reading in reversed(case.turns[:-1]):
        found = diagnose(case, engine.corpus, engine.patterns, reading)
        if found and (found[0].signature or found[0].found >= 2):
            return found
    return ()
