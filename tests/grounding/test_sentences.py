"""Sentences keep their places, and nothing of a text is lost between them."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.grounding.sentences import split

CUT = {
    "Use v4.56.0 of `a. B`, e.g. this one [1]. Then go on! Done?": [
        "Use v4.56.0 of `a. B`, e.g. this one [1].",
        "Then go on!",
        "Done?",
    ],
    "It fails. [2] bitsandbytes is old [1]. lsof shows it.": [
        "It fails. [2]",
        "bitsandbytes is old [1].",
        "lsof shows it.",
    ],
    "显存不足 [1]。减小批次！[2][3] 可以吗？": ["显存不足 [1]。", "减小批次！[2][3]", "可以吗？"],
    "- Install 4.1 [1].\n2. Restart it": ["Install 4.1 [1].", "Restart it"],
    "1. 安装 4.1 版本 [1]\n2. 重启": ["安装 4.1 版本 [1]", "重启"],
    "Run this:\n```python\nx = 1. \ny = 2\n```\nThen look.": [
        "Run this:",
        "```python\nx = 1. \ny = 2\n```",
        "Then look.",
    ],
}


@pytest.mark.parametrize("text", CUT)
def test_cuts(text: str) -> None:
    assert [piece.text for piece in split(text)] == CUT[text]


def test_kinds() -> None:
    kinds = [piece.kind for piece in split("# Cause\nIt is full.\n**Fix:**\n```\nrm x\n```\n")]
    assert kinds == ["label", "prose", "label", "code"]


def test_an_open_fence_is_one_piece() -> None:
    assert [piece.kind for piece in split("Run:\n```\na. B. C\nd")] == ["label", "code"]


@given(st.text(alphabet="ab .!?。！`\n[1]#*-:0\u4e2d", max_size=200))
def test_places_are_those_of_the_text(text: str) -> None:
    pieces = split(text)
    assert all(text[piece.start : piece.end].strip() == piece.text for piece in pieces)
    assert all(one.end <= two.start for one, two in itertools.pairwise(pieces))
    lost = "".join(
        text[a:b]
        for a, b in zip([0, *(p.end for p in pieces)], [*(p.start for p in pieces), len(text)], strict=True)
    )
    assert not any(character.isalpha() for character in lost)
