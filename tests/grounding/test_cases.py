"""How much the checker catches and wrongly flags on labelled replies: floors a little below what it reached."""

import json
from collections import Counter
from functools import lru_cache
from pathlib import Path

import pytest

from assistant.grounding import check

CASES = Path(__file__).parent / "cases"
# file, share of false sentences caught at least, share of true ones flagged at most
FLOORS = {"held.jsonl": (0.76, 0.30), "fit.jsonl": (0.78, 0.20), "replies.jsonl": (0.78, 0.20)}
INVENTED = {"invented-argument", "invented-command", "invented-name", "absent-citation"}


@lru_cache
def _judged(file: str) -> list[tuple[bool, bool, str, str]]:
    """Whether each labelled sentence is supported, whether the checker says so, its kind, and its text."""
    found = []
    for line in (CASES / file).read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        result = check(row["text"], row["evidence"], row["question"] or "")
        for label in row["sentences"]:
            squeezed = "".join(label["text"].split())
            pieces = [("".join(one.text.split()), one.supported) for one in result.sentences]
            inside = [supported for text, supported in pieces if text in squeezed or squeezed in text]
            found.append((label["supported"], all(inside), label["kind"], label["text"]))
    return found


@pytest.mark.parametrize("file", FLOORS)
def test_floors(file: str) -> None:
    judged = _judged(file)
    least_caught, most_flagged = FLOORS[file]
    caught = [not said for supported, said, _, _ in judged if not supported]
    flagged = [not said for supported, said, _, _ in judged if supported]
    assert sum(caught) / len(caught) >= least_caught
    assert sum(flagged) / len(flagged) <= most_flagged


@pytest.mark.parametrize("file", FLOORS)
def test_what_is_invented_is_caught(file: str) -> None:
    missed = [
        text for supported, said, kind, text in _judged(file) if kind in INVENTED and said and not supported
    ]
    assert not missed


def test_wrong_citations_are_caught() -> None:
    counts = Counter(
        said for file in FLOORS for _, said, kind, _ in _judged(file) if kind == "wrong-citation"
    )
    assert counts[True] <= 0.1 * counts.total()
