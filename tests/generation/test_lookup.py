"""Drafts from what was written before."""

from assistant.generation.lookup import Lookup


def test_drafts_what_followed_the_last_words() -> None:
    lookup = Lookup(4)
    lookup.add([1, 2, 3, 4, 5, 6, 7, 9])
    assert lookup.draft(10) == []
    lookup.add([2, 3])
    assert lookup.draft(10) == [4, 5, 6, 7]
    assert lookup.draft(2) == [4, 5]


def test_the_longest_match_decides_and_the_last_one() -> None:
    lookup = Lookup(2)
    lookup.add([1, 2, 3, 40, 9, 2, 3, 50, 1, 2, 3])
    assert lookup.draft(5) == [40, 9]
    lookup = Lookup(2)
    lookup.add([2, 3, 40, 2, 3, 50, 2, 3])
    assert lookup.draft(5) == [50, 2]


def test_drafts_get_shorter_while_they_fail() -> None:
    lookup = Lookup(8)
    lookup.add([*range(20), 0, 1])
    assert len(lookup.draft(20)) == 8
    lookup.learn(8, 1)
    assert len(lookup.draft(20)) == 6
    for _ in range(5):
        lookup.learn(6, 0)
    assert len(lookup.draft(20)) == 2
    for _ in range(5):
        lookup.learn(2, 2)
    assert len(lookup.draft(20)) == 8
