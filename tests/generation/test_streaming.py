"""Text as it is given away: stop strings that are spread over tokens, and what is held back."""

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from assistant.generation.pieces import Pieces
from assistant.generation.streaming import Streamed

LETTERS = "ab\nUser: 显.:"
ENCODED = [letter.encode() for letter in LETTERS] + [b"\xe6", b"\x98", b"\xbe", b"ab\nU", b"ser"]
PIECES = Pieces(tuple(ENCODED), {})


def stream(tokens: Sequence[int], stops: Sequence[str]) -> tuple[str, bool]:
    text = Streamed(PIECES, stops, trim=False)
    given_away = ""
    for token in tokens:
        given_away += text.add((token,))
        if text.stopped:
            break
    return given_away + text.close(), text.stopped


@given(st.lists(st.integers(0, len(ENCODED) - 1), max_size=30))
def test_a_stop_string_ends_the_text_wherever_tokens_end(tokens: list[int]) -> None:
    whole = PIECES.text(tokens)
    text, stopped = stream(tokens, ("\nUser:", "显:"))
    ends = [place for stop in ("\nUser:", "显:") if (place := whole.find(stop)) >= 0]
    assert stopped == bool(ends)
    if ends:
        assert text == whole[: min(ends)]
    else:
        assert whole.startswith(text.rstrip("\ufffd"))


def test_no_part_of_a_stop_string_is_shown() -> None:
    text = Streamed(PIECES, ("\nUser:",), trim=False)
    assert text.add([LETTERS.index("a"), LETTERS.index("\n")]) == "a"
    assert text.add([LETTERS.index("U")]) == ""
    assert text.add([LETTERS.index("b")]) == "\nUb"


def test_what_is_uncertain_is_held_and_dropped_if_it_stays_so() -> None:
    text = Streamed(PIECES, (), trim=False)
    assert text.add([0, 1, 0, 1], unsettled=2) == "ab"
    assert text.close(settled=False) == ""


def test_the_space_that_a_text_begins_with_is_dropped() -> None:
    text = Streamed(PIECES, ())
    assert text.add([LETTERS.index(" ")]) + text.add([LETTERS.index("\n"), 0, LETTERS.index(" "), 1]) == "a b"
