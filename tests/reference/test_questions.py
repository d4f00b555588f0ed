"""Questions of questions.jsonl: what is to be answered says the right things, and the rest is left alone."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from assistant.reference import ApiAnswer

QUESTIONS = [
    json.loads(line)
    for line in (Path(__file__).parent / "questions.jsonl").read_text(encoding="utf-8").splitlines()
]


def test_there_are_enough_of_each_kind() -> None:
    assert len(QUESTIONS) >= 80
    assert sum(question["lang"] == "zh" for question in QUESTIONS) >= 0.4 * len(QUESTIONS)
    assert sum(question["kind"] is None for question in QUESTIONS) >= 25
    assert len({question["input"] for question in QUESTIONS}) == len(QUESTIONS)


@pytest.mark.parametrize("question", QUESTIONS, ids=[question["id"] for question in QUESTIONS])
def test_question(question: dict[str, Any], ask: Callable[..., ApiAnswer | None]) -> None:
    answer = ask(question["input"])
    if question["kind"] is None:
        assert answer is None, answer and answer.markdown
        return
    assert answer is not None
    assert answer.asked == question["kind"]
    assert answer.lang == question["lang"]
    for text in question["says"]:
        assert text in answer.markdown
    for text in question.get("not", ()):
        assert text not in answer.markdown


ANSWERED = [question["input"] for question in QUESTIONS if question["kind"]]


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_each_answer_is_whole(lang: str, ask: Callable[..., ApiAnswer | None]) -> None:
    for text in ANSWERED:
        answer = ask(text, lang=lang)
        assert answer is not None
        assert answer.lang == lang
        assert 0 < answer.confidence <= 1
        assert answer.names
        assert answer.citations
        assert answer.statements
        assert [each.n for each in answer.citations] == list(range(1, len(answer.citations) + 1))
        assert all(each.source.startswith("https://") for each in answer.citations)
        assert all(f"[{each.n}]" in answer.parts[0].markdown for each in answer.citations)
        assert {each.n for each in answer.statements} <= {each.n for each in answer.citations}
        assert (
            "{" not in answer.parts[0].markdown.replace("{}", "")
            or "```" in answer.markdown
            or "={" in answer.markdown
        )
        assert answer.markdown.count("```") % 2 == 0
        assert len(answer.markdown) < 3_000
        if lang == "zh":
            assert "（" in answer.markdown or "在" in answer.markdown


def test_what_an_answer_proposes_to_ask_is_answered(ask: Callable[..., ApiAnswer | None]) -> None:
    for text in ANSWERED:
        answer = ask(text)
        assert answer is not None
        for follow_up in answer.follow_ups:
            assert ask(follow_up) is not None, f"{text} → {follow_up}"
