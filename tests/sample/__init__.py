"""A small corpus of our own for tests that must not depend on the real entries."""

from functools import cache
from pathlib import Path
from unittest.mock import patch

from assistant.answering import Answer
from assistant.case import Case, build_case
from assistant.diagnosis import Diagnosis, compile_patterns, diagnose
from assistant.pipeline import Engine, Options, answer_turns
from assistant.reading import read
from corpus import Corpus, load

ENTRIES = Path(__file__).parent / "entries"


@cache
def sample() -> Corpus:
    return load(ENTRIES)


@cache
def engine() -> Engine:
    return Engine(sample(), compile_patterns(sample()))


def case_of(*turns: str, lang: str = "auto", machine: str = "") -> Case:
    return build_case([read(turn) for turn in turns], lang, machine)


def diagnoses(*turns: str) -> tuple[Diagnosis, ...]:
    return diagnose(case_of(*turns), engine().patterns)


def answer(*turns: str, **options: str) -> Answer:
    """The answer over the small corpus. The gate, which was fitted on the real one, stands wide open
    here: it shuts only where nothing at all was found."""
    with patch("assistant.pipeline.threshold", lambda *, searched: 0.0):
        return answer_turns(engine(), turns, Options(**options))
