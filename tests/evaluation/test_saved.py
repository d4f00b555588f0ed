"""Runs that are kept, and what differs between two."""

from pathlib import Path
from typing import Any

import pytest

from assistant.errors import UserError
from assistant.evaluation import Scored, saved, score_answer
from tests.evaluation.test_scoring import FOUND, NOTHING, case


def run(*scored: Scored) -> dict[str, Any]:
    return saved.run_of(scored)


RIGHT = score_answer(case(must=[["memory"]]), FOUND, "A.1", 1)
WRONG = score_answer(case(topic="A.4", must=[["absent"]], never=["memory"]), FOUND, "A.1", 9)


def test_a_run_comes_back_as_it_was(tmp_path: Path) -> None:
    saved.save(tmp_path / "run.json", run(RIGHT))
    assert saved.read(tmp_path / "run.json") == run(RIGHT)
    assert [each.name for each in tmp_path.iterdir()] == ["run.json"]


def test_better_and_worse_by_case() -> None:
    same = score_answer(case(id="same"), FOUND)
    better = saved.compare(run(WRONG, same), run(RIGHT, same))
    assert better.worse == {}
    assert set(better.better) == {"c"}
    for change in ("topic right", "no wrong advice", "key points 0 → 1 of 1", "found by search"):
        assert change in better.better["c"]
    worse = saved.compare(run(RIGHT, same), run(WRONG, same))
    assert set(worse.worse) == {"c"}
    assert worse.figures["topic"] == (1.0, 0.5)


def test_an_abstention_is_right_or_wrong() -> None:
    outside = case(topic="out-of-scope")
    changed = saved.compare(run(score_answer(outside, FOUND)), run(score_answer(outside, NOTHING)))
    assert "abstained rightly" in changed.better["c"]
    assert changed.worse == {}


def test_cases_that_only_one_run_has_are_named() -> None:
    other = score_answer(case(id="other"), FOUND)
    compared = saved.compare(run(RIGHT), run(other))
    assert (compared.only_saved, compared.only_now) == (("c",), ("other",))
    assert compared.figures["topic"] == (None, None)


def test_two_cases_of_one_id_are_refused() -> None:
    with pytest.raises(UserError, match="two cases have the id 'c'"):
        run(RIGHT, WRONG)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        '{"format": "tracedoc-eval-1"}',
        '{"format": "tracedoc-eval-1", "cases": {"a": {}}}',
        "[" * 100_000,
    ],
)
def test_what_is_no_saved_run_is_one_sentence(tmp_path: Path, text: str) -> None:
    (tmp_path / "x.json").write_text(text)
    with pytest.raises(UserError, match="no saved run"):
        saved.read(tmp_path / "x.json")


def test_a_missing_run_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="cannot read"):
        saved.read(tmp_path / "none.json")
