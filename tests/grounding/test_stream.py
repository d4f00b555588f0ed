"""A stream gives the same sentences as the whole text does, however it is cut."""

import itertools

from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.grounding import SentenceStream, check

EVIDENCE = ["Set `a_b=1`. It needs 3 GB.", "重启 `worker` 之后生效。"]
TEXT = "Set `a_b=1` [1]. It needs 4 GB. [1]\n\nRun:\n```\nx = 1.\ny\n```\n- 重启 `worker` 之后生效 [2]。然后再试。 Done"


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(1, len(TEXT) - 1), max_size=12))
def test_same_as_whole(cuts: list[int]) -> None:
    ends = sorted({0, len(TEXT), *cuts})
    stream = SentenceStream(EVIDENCE)
    found = [one for start, end in itertools.pairwise(ends) for one in stream.feed(TEXT[start:end])]
    assert (*found, *stream.close()) == check(TEXT, EVIDENCE).sentences


def test_sentences_come_as_they_are_complete() -> None:
    stream = SentenceStream(EVIDENCE)
    assert stream.feed("Set `a_b=1` [1]") == []
    assert stream.feed(". It") != []
    assert [one.text for one in stream.close()] == ["It"]


def test_a_fence_is_kept_whole() -> None:
    stream = SentenceStream(EVIDENCE)
    assert stream.feed("```\nx = 1.\ny = 2.\n") == []
    assert [one.text for one in stream.feed("```\nThen")] == ["```\nx = 1.\ny = 2.\n```"]
