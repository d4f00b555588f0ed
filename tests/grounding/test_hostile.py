"""Whatever a text or an evidence holds, checking ends soon and says something of it."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.grounding import SentenceStream, check

EVIDENCE = ["Set `a=1` because X is 3 GB.", "Use `b`, not `c`."]
HOSTILE = {
    "ticks": "`" * 2_000_000,
    "brackets": "[" * 2_000_000,
    "citations": "[1]" * 600_000,
    "no end": "word " * 400_000,
    "negations": "没有不是" * 400_000,
    "one word": "a" * 2_000_000,
    "versions": "1.2.3.4 " * 200_000,
    "code": "```\n" + "x=1\n" * 400_000,
    "quotes": "don't " * 300_000,
    "controls": "\x00\x1b[31m\u202e\ufeff" * 10_000,
    "unpaired": "\ud800 set `a=1` [1].",
    "long citation": "[1,2," * 100_000,
    "huge citation": "[99999999999999999999] Set it.",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_ends(name: str) -> None:
    result = check(HOSTILE[name], EVIDENCE)
    assert 0 <= result.share <= 1


def test_what_is_not_checked_is_not_supported() -> None:
    assert check("Set `a=1` [1]. " * 10_000, EVIDENCE).sentences[-1].why == "long"


def test_large_evidence() -> None:
    result = check("Set `a=1` [1]. " * 5, ["word `x_y` because 3 GB, not more. " * 5_000] * 80)
    assert not any(sentence.supported for sentence in result.sentences)


@settings(max_examples=80, deadline=None)
@given(st.text(max_size=300), st.lists(st.text(max_size=120), max_size=4), st.text(max_size=60))
def test_any_text(text: str, evidence: list[str], question: str) -> None:
    result = check(text, evidence, question)
    whole = re.sub("[\ud800-\udfff]", "\ufffd", text)
    assert all(whole[one.start : one.end].strip() == one.text for one in result.sentences)


@settings(max_examples=40, deadline=None)
@given(st.from_regex(r"(\[\d{1,3}\]|`[a-z_]{1,9}=\d`|没有|because |not |\. |\n){1,30}", fullmatch=True))
def test_no_unknown_citation_or_name_is_supported(text: str) -> None:
    for sentence in check(text, EVIDENCE).sentences:
        if sentence.supported:
            assert all(1 <= cited <= len(EVIDENCE) for cited in sentence.cited)
            assert set(re.findall(r"`([a-z_]+)=", sentence.text)) <= {"a", "b", "c"}


def test_a_stream_without_an_end() -> None:
    stream = SentenceStream(EVIDENCE)
    found = [one for _ in range(40_000) for one in stream.feed("ab, ")] + stream.close()
    assert found[-1].why == "long"
