"""Passages taken apart: sentences, code, lists."""

from assistant.answering import Answer, Statement
from assistant.generation.evidence import Evidence
from finetune.passages import passages, sentences


def _answer(lang: str, *statements: Statement) -> Answer:
    return Answer(lang, "question", "t", 1.0, False, (), "signature", statements=statements)


def test_sentences_end_where_they_end() -> None:
    assert sentences("Use it, e.g. GPT-2. Set `a.b = 1. 2`. Then go!") == [
        "Use it, e.g. GPT-2",
        "Set `a.b = 1. 2`",
        "Then go!",
    ]
    assert sentences("1. One (a). 2. Two. 3.") == ["One (a)", "Two"]
    assert sentences("- First: x - second: y") == ["First: x", "second: y"]
    assert sentences("先做这个。再用 `a。b`。") == ["先做这个", "再用 `a。b`"]
    assert sentences("| a | b | | --- | --- |") == []


def test_code_that_stands_alone_is_a_sentence() -> None:
    assert sentences("`a = 1`, `b = 2` Pass it on.") == ["`a = 1`, `b = 2`", "Pass it on"]
    assert sentences("`x=True` is refused.") == ["`x=True` is refused"]


def test_a_passage_in_its_parts() -> None:
    statement = Statement(1, "It is full", ("Why one. Why two.",), ("Do this.",), "You see it")
    text = "It is full. Why one. Why two. What points to this cause: the log. How to tell: You see it. Fix: Do this."
    found = passages(_answer("en", statement), (Evidence(1, text), Evidence(7, "found by a tool")))
    assert len(found) == 1
    first = found[0]
    assert (first.title, first.why, first.tell, first.fix) == (
        "It is full",
        ("Why one", "Why two"),
        "You see it",
        ("Do this",),
    )
    assert first.because == "What points to this cause: the log"
    assert first.cause


def test_chinese_passages() -> None:
    statement = Statement(1, "显存满了", ("批次太大。",), ("减小批次。",))
    (found,) = passages(_answer("zh", statement), (Evidence(1, "显存满了。批次太大。修复：减小批次。"),))
    assert (found.title, found.why, found.fix) == ("显存满了", ("批次太大",), ("减小批次",))
