"""Checked text appears word by word, whole at the end, and never more than was checked."""

from hypothesis import given
from hypothesis import strategies as st

from assistant.web.reveal import Reveal

TEXTS = st.text(alphabet="ab `.\n中文，1_", max_size=80)


@given(st.lists(TEXTS, max_size=5))
def test_it_never_shows_more_than_there_is_and_ends_whole(parts: list[str]) -> None:
    reveal, whole, before = Reveal(), "", ""
    for part in parts:
        whole += part
        for _ in range(3):
            shown = reveal.advance(whole).removesuffix("\n```")
            assert whole.startswith(shown)
            assert len(shown) >= len(before) or whole.count("```") > 0
            before = shown
    assert list(reveal.rest(whole, seconds=0))[-1] == whole


def test_words_come_one_by_one() -> None:
    reveal = Reveal()
    text = "Lower the batch size first."
    assert [reveal.advance(text) for _ in range(3)] == ["Lower", "Lower the", "Lower the batch"]


def test_code_in_the_line_comes_whole() -> None:
    reveal = Reveal()
    assert [reveal.advance("Set `a = b` now") for _ in range(2)] == ["Set", "Set `a = b`"]


def test_a_lagging_text_catches_up() -> None:
    reveal, text = Reveal(), " ".join(["word"] * 400)
    steps = 0
    while reveal.advance(text) != text and steps < 1_000:
        steps += 1
    assert steps < 150
