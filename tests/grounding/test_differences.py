"""What a sentence changes in what it repeats, in which order it has things, and what else stands where it is found."""

import numpy as np
import pytest

from assistant.grounding import check
from assistant.grounding.differing import diff_features
from assistant.grounding.evidence import prepare
from assistant.grounding.features import features
from assistant.grounding.ordering import relations
from assistant.grounding.structure import parse

FREEZE = ["Freeze the tower before the wrapper is made."]


def measured(text: str, evidence: list[str]) -> dict[str, float]:
    return features(parse(text), prepare(evidence))


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("The port is not open to all rooms.", "diff_denies"),
        ("The port is open to no rooms.", "diff_denies"),
        ("The port is closed to all rooms.", "diff_replaced"),
        ("The port is always open to all rooms.", "diff_amount"),
    ],
)
def test_a_changed_word_shows(text: str, name: str) -> None:
    evidence = prepare(["The port is open to all rooms."])
    columns = np.ones(len(evidence.layout.words), dtype=bool)
    same = diff_features(parse("The port is open to all rooms."), evidence, columns)
    assert same["diff_same"] == 1.0
    assert same[name] == 0.0
    assert diff_features(parse(text), evidence, columns)[name] > 0.3


def test_articles_and_citations_are_no_difference() -> None:
    evidence = prepare(["The port is open to the rooms."])
    columns = np.ones(len(evidence.layout.words), dtype=bool)
    assert diff_features(parse("A port is open to rooms [1]."), evidence, columns)["diff_same"] == 1.0


@pytest.mark.parametrize(
    "text",
    [
        "Make the wrapper before you freeze the tower.",
        "After the wrapper is made, freeze the tower.",
        "先创建包装，再冻结视觉塔。",
        "文件比缓存小。",
    ],
)
def test_relations_are_read(text: str) -> None:
    assert relations(parse(text))


def test_order_is_compared() -> None:
    evidence = ["缓存比文件小。"]
    turned, kept = measured("文件比缓存小。", evidence), measured("文件比缓存大。", evidence)
    assert turned["order_turned"] > 0.5 > kept["order_turned"]


def test_a_part_that_nothing_says_shows() -> None:
    whole = measured("Freeze the tower before the wrapper is made.", FREEZE)
    more = measured("Freeze the tower before the wrapper is made, which doubles the learning rate.", FREEZE)
    assert more["part_least"] > whole["part_least"] + 0.3


def test_a_thing_can_be_denied() -> None:
    signs = {word.token.text: word.sign for word in parse("It works without a tokenizer.").words}
    assert signs["tokenizer"] == -1


@pytest.mark.parametrize(
    "text",
    ["The job ends after 10 hours [1].", "The job ends after 10 seconds [1].", "任务在 10 小时后结束 [1]。"],
)
def test_the_same_number_of_something_else_is_another_number(text: str) -> None:
    (found,) = check(text, ["The job ends after 10 minutes, and 6 jobs run at a time."]).sentences
    assert (found.supported, found.why) == (False, "number")
