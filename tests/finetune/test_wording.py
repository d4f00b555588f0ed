"""Frames and rewordings: enough of them, and nothing that they must not touch."""

from random import Random

import pytest

from finetune.wording import framed, frames, is_closed, lowered, reworded

SLOTS = ("cause", "answer", "reason", "detail", "more", "fix", "fix_code", "command", "other", "sign", "then")


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("slot", SLOTS)
def test_each_slot_has_at_least_forty_wordings(slot: str, lang: str) -> None:
    found = frames(lang, slot)
    assert len(found) >= 40, len(found)
    for frame in found:
        made = frame.format(T="T", t="t", S="S", s="s", C="`c`", fact="f")
        assert "(" not in made.replace("(s)", ""), made
        assert "|" not in made


def test_names_keep_their_capital() -> None:
    assert lowered("The cache is full") == "the cache is full"
    assert lowered("PyTorch is old") == "PyTorch is old"
    assert lowered("NCCL waits") == "NCCL waits"
    assert lowered("`x` is None") == "`x` is None"
    assert lowered("Qwen needs it") == "Qwen needs it"


def test_rewording_leaves_code_and_closes_what_it_opens() -> None:
    sentence = "If `a is not b; c` holds (see there), it cannot work; use `do not` instead"
    for seed in range(60):
        changed = reworded(sentence, "en", Random(seed))
        assert "`a is not b; c`" in changed
        assert is_closed(changed)


def test_a_frame_is_the_same_for_a_seed() -> None:
    assert framed("fix", "en", "Lower it", Random(3)) == framed("fix", "en", "Lower it", Random(3))
