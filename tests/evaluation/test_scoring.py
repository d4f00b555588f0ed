"""What of an answer is right, and the figures that follow."""

from dataclasses import replace
from typing import Any

import pytest

from assistant.evaluation import by_group, confusions, contains, fault_of, figures, score_answer
from assistant.evaluation.scoring import SHOWN, Scored
from tests.sample import answer

OOM = "torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB"
FOUND = answer(OOM)
NOTHING = replace(FOUND, topic=None, abstained=True, basis="none", parts=())


def case(**fields: Any) -> dict[str, Any]:
    return {"id": "c", "topic": "A.1", "lang": "en", "kind": "log", "input": OOM, **fields}


def test_a_point_is_met_by_any_of_its_alternatives() -> None:
    scored = score_answer(case(must=[["no such text", "MEMORY"], ["re:2\\.0+ ?GiB"], ["absent"]]), FOUND)
    assert scored.points == (True, True, False)
    assert not scored.complete


def test_wrong_advice_spoils_a_complete_answer() -> None:
    assert score_answer(case(must=[["memory"]]), FOUND).complete
    scored = score_answer(case(must=[["memory"]], never=["re:mem.ry"]), FOUND)
    assert scored.never
    assert not scored.complete


def test_only_the_beginning_counts() -> None:
    long = replace(FOUND, parts=(replace(FOUND.parts[0], markdown="x" * SHOWN + "late"),))
    assert score_answer(case(must=[["late"]]), long).points == (False,)


def test_another_topic_may_be_just_as_right() -> None:
    assert score_answer(case(topic="A.4"), FOUND).topic is False
    assert score_answer(case(topic="A.4", also=["A.1"]), FOUND).topic is True


@pytest.mark.parametrize(
    ("text", "wanted", "holds"),
    [("Use BF16", "bf16", True), ("a\nb", "re:a.b", True), ("a.b", "re:^b", False), ("a+b", "a+b", True)],
)
def test_contains(text: str, wanted: str, holds: bool) -> None:
    assert contains(text, wanted) is holds


@pytest.mark.parametrize(
    ("broken", "says"),
    [
        ({"input": None}, "`input`"),
        ({"turns": []}, "`turns`"),
        ({"turns": ["a", 1]}, "`turns`"),
        ({"topic": 3}, "`topic`"),
        ({"must": ["memory"]}, "`must`"),
        ({"must": [["re:("]]}, "pattern"),
        ({"must": [[1]]}, "not a text"),
        ({"never": "memory"}, "`never`"),
        ({"also": "A.1"}, "`also`"),
    ],
)
def test_what_is_no_case_is_said(broken: dict[str, Any], says: str) -> None:
    assert fault_of(case()) == ""
    assert says in fault_of(case(**broken))


def scored() -> list[Scored]:
    outside = case(topic="out-of-scope", lang="zh", kind="question")
    return [
        score_answer(case(must=[["memory"], ["absent"]]), FOUND, "A.1", 1),
        score_answer(case(topic="A.4", lang="zh"), FOUND, "A.1", 4),
        score_answer(case(), NOTHING, "A.1", 0),
        score_answer(outside, NOTHING, "A.1"),
        score_answer(outside, FOUND, "A.1"),
    ]


def test_figures_count_what_is_in_and_out_of_scope_apart() -> None:
    found = figures(scored(), k=3)
    expected = {
        "cases": 3,
        "topic": 0.3333,
        "points": 0.5,
        "complete": 0.6667,
        "never": 0.0,
        "wrongly_abstained": 0.3333,
        "outside": 2,
        "abstained": 0.5,
        "recall_at_1": 0.3333,
        "recall_at_3": 0.3333,
        "mrr": 0.4167,
    }
    assert {name: found[name] for name in expected} == expected
    assert figures(scored(), k=5)["recall_at_5"] == 0.6667


def test_figures_of_nothing_are_none() -> None:
    found = figures([])
    assert (found["cases"], found["topic"], found["mrr"], found["median_length"]) == (0, None, None, None)


def test_groups_are_by_language_kind_and_topic() -> None:
    groups = by_group(scored())
    assert {name: each["cases"] for name, each in groups.items()} == {
        "all": 3,
        "lang en": 2,
        "lang zh": 1,
        "kind log": 3,
        "kind question": 0,
        "topic A.1": 2,
        "topic A.4": 1,
        "topic out-of-scope": 0,
    }


def test_confusions_name_both_topics() -> None:
    assert sorted(confusions(scored())) == [
        ("A.1", "(abstained)", 1),
        ("A.4", "A.1", 1),
        ("out-of-scope", "A.1", 1),
    ]
