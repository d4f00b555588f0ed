"""Stored questions that got no answer, or one that was disliked."""

import sqlite3
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from assistant.errors import UserError
from assistant.evaluation.gaps import Question, gaps, grouped
from assistant.evaluation.printing import gap_list
from assistant.store import Store
from tests.evaluation.test_scoring import FOUND, NOTHING, OOM

TOKEN = "hf_" + "aB3dE5gH7jK9mN1pQ2rS4tU6vW8xY0zA1b"
NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)


def question(text: str, hours: int, **fields: object) -> Question:
    return replace(Question(text, NOON + timedelta(hours=hours), "en", "abstained"), **fields)  # type: ignore[arg-type]


def test_alike_questions_are_one_gap_and_the_newest_comes_first() -> None:
    found = grouped(
        [
            question("FooError: cannot open /home/a/x.bin at step 12", 0),
            question("how do I train a diffusion model", 1),
            question("FooError: cannot open /srv/b/y.bin at step 990", 2),
        ]
    )
    assert [len(gap.questions) for gap in found] == [2, 1]
    assert found[0].newest.created == NOON + timedelta(hours=2)
    assert found[1].newest.text.startswith("how do I")


def test_a_chinese_question_meets_its_like() -> None:
    found = grouped(
        [question("怎么训练扩散模型", 0), question("怎么训练扩散模型呢", 1), question("今天天气怎么样", 2)]
    )
    assert [len(gap.questions) for gap in found] == [1, 2]


@pytest.mark.parametrize("other", [{"reason": "disliked"}, {"entry": "memory"}, {"exception": "KeyError"}])
def test_another_reason_entry_or_exception_is_another_gap(other: dict[str, object]) -> None:
    assert (
        len(grouped([question("the same words here", 0), question("the same words here", 1, **other)])) == 2
    )


def test_abstained_and_disliked_are_listed_and_liked_are_not(tmp_path: Path) -> None:
    store = Store.open(tmp_path)
    store.add_turn(["who won the cup"], NOTHING)
    store.add_turn([OOM], FOUND)
    store.add_judgement([f"{OOM} again"], FOUND, "good")
    store.add_judgement(["first", f"{OOM} a third time"], FOUND, "wrong_cause", "it was the loader")
    found = gaps(tmp_path)
    assert [(gap.newest.reason, gap.newest.text) for gap in found] == [
        ("disliked", f"{OOM} a third time"),
        ("abstained", "who won the cup"),
    ]
    assert found[0].newest.said == ("wrong_cause: it was the loader",)
    listed = gap_list(found)
    assert "2 questions in 2 groups" in listed
    assert "1 x disliked on A.1 (memory)" in listed
    assert "said: wrong_cause: it was the loader" in listed


def test_secrets_that_an_older_version_kept_are_taken_out(tmp_path: Path) -> None:
    Store.open(tmp_path).add_judgement(["who won the cup"], NOTHING, "bad", "x")
    with sqlite3.connect(tmp_path / "tracedoc.sqlite") as database:
        database.execute("UPDATE turns SET turns = ?", (f'["login {TOKEN}"]',))
        database.execute("UPDATE judgements SET comment = ?", (f"my token is {TOKEN}",))
    found = gaps(tmp_path)
    assert found[0].newest.text == "login [secret]"
    assert TOKEN not in gap_list(found)


def test_nothing_stored_is_no_gap_and_makes_no_file(tmp_path: Path) -> None:
    assert gaps(tmp_path / "none") == ()
    assert not (tmp_path / "none").exists()
    assert "No stored question" in gap_list(())


def test_a_damaged_store_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "tracedoc.sqlite").write_bytes(b"not a database at all " * 100)
    with pytest.raises(UserError, match="cannot be read") as raised:
        gaps(tmp_path)
    assert raised.value.code == 3
