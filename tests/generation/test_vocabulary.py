"""A trimmed vocabulary cuts text as the whole one does, or into smaller pieces, and loses nothing."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.generation import choose_vocabulary, vocabulary
from assistant.generation.vocabulary import Kept
from tests.generation import tiny_gguf

TOKENS = tiny_gguf.tokens()
KEPT = tiny_gguf.kept()
WHOLE = Kept(tuple(range(len(TOKENS.texts))), len(TOKENS.texts))
BEFORE = vocabulary.tokenizer(TOKENS, WHOLE)
AFTER = vocabulary.tokenizer(TOKENS, KEPT)
WORDS = [text.replace("▁", " ") for text, kind in zip(TOKENS.texts, TOKENS.kinds, strict=True) if kind == 1]


def old_ids(text: str) -> list[int]:
    """What the trimmed tokenizer makes of a text, in ids of the whole vocabulary."""
    return [KEPT.ids[new] for new in AFTER(text).input_ids]


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from(WORDS) | st.text(max_size=4), max_size=12).map("".join))
def test_any_text_is_cut_the_same_or_smaller_and_comes_back(text: str) -> None:
    before = BEFORE(text).input_ids
    if set(before) <= set(KEPT.ids):
        assert old_ids(text) == before
    else:
        assert len(AFTER(text).input_ids) > len(before)
    assert AFTER.decode(AFTER(text).input_ids) == BEFORE.decode(before)


@pytest.mark.parametrize(
    "text",
    [
        "a\n\n\t\tb  c   d",
        "<table>x</table>",
        "显存不足 out of memory",
        "<0x0A><unused0>",  # the words for a byte and for a mark that is not kept are just text
        "🎉 ÿ \x00 \ud7ff 한국어 ру́сский",
        "",
    ],
)
def test_odd_text_comes_back(text: str) -> None:
    assert AFTER.decode(AFTER(text, add_special_tokens=False).input_ids) == text


def test_what_is_kept_includes_its_pieces() -> None:
    numbers = vocabulary.mergeable(TOKENS)
    rare = max(n for n, text in enumerate(TOKENS.texts) if len(text) > 5)
    pieces = vocabulary.closure(TOKENS, numbers, [rare])
    assert {numbers[character] for character in TOKENS.texts[rare]} < pieces
    assert vocabulary.closure(TOKENS, numbers, pieces) == pieces
    assert set(KEPT.ids) >= vocabulary.closure(TOKENS, numbers, KEPT.ids)
    assert vocabulary.closure(TOKENS, numbers, [rare], pieces) == set()


def test_marks_of_turns_stay_whole_and_ids_follow_on() -> None:
    assert sorted(AFTER.get_vocab().values()) == list(range(len(KEPT.ids)))
    assert len(AFTER) == len(KEPT.ids)
    turn = AFTER("<start_of_turn>user\nx<end_of_turn>", add_special_tokens=False).input_ids
    assert turn[0] == AFTER.convert_tokens_to_ids("<start_of_turn>") != AFTER.unk_token_id
    assert turn[-1] == AFTER.convert_tokens_to_ids("<end_of_turn>")
    assert AFTER("x").input_ids[0] == AFTER.bos_token_id


def test_a_choice_takes_the_rules_the_words_then_what_most_files_use() -> None:
    files, words = ["gradient checkpointing"] * 3 + ["quantization of the model"], ["memory", "nosuchword"]
    rows = len(TOKENS.texts) - 400
    kept = choose_vocabulary.choose(TOKENS, words, files, rows)
    assert len(kept.ids) <= rows
    assert set(kept.ids) >= choose_vocabulary.by_rule(TOKENS) | vocabulary.always(TOKENS)
    used = BEFORE(" memory gradient checkpointing", add_special_tokens=False).input_ids
    assert set(used) <= set(kept.ids)
    assert kept == choose_vocabulary.choose(TOKENS, words, files, rows)


def test_rules_take_chinese_and_leave_other_scripts() -> None:
    words = ("显", "显存", "，请", "▁的", "顯", "が", "に関", "한", "▁“", "é", "→", "ñandú", "абв")
    chosen = choose_vocabulary.by_rule(vocabulary.Tokens(words, (1,) * len(words)))
    assert [words[number] for number in sorted(chosen)] == [
        "显",
        "显存",
        "，请",
        "▁的",
        "顯",
        "が",
        "▁“",
        "é",
        "→",
    ]


def test_held_out_folders_and_pages(tmp_path: Path) -> None:
    (tmp_path / "scipy").mkdir()
    (tmp_path / "scipy" / "a.py").write_text("held = 1")
    (tmp_path / "page.html").write_text("<script>x</script><p>a &lt; b</p>")
    (tmp_path / "b.py").write_bytes(b"\xff\xfe")
    assert list(choose_vocabulary.texts([tmp_path])) == ["a < b"]


def test_kept_ids_come_back_from_their_file(tmp_path: Path) -> None:
    vocabulary.save(tmp_path / "kept.npz", KEPT)
    assert vocabulary.load(tmp_path / "kept.npz") == KEPT
    assert KEPT.fingerprint != Kept(KEPT.ids[1:], KEPT.size).fingerprint


def test_the_stored_choice_is_the_one_that_adapters_are_trained_for() -> None:
    stored = vocabulary.stored()
    assert (len(stored.ids), stored.size) == (73_728, 262_144)
    assert stored.fingerprint == "196cff5b"
    assert stored.ids[:8] == (0, 1, 2, 3, 4, 5, 105, 106)
