"""The text of a reply is the same however the server cuts it into pieces."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from assistant.generation.remote.estimate import estimate
from assistant.generation.remote.events import END, LINE, Events
from assistant.generation.remote.faults import Fault
from assistant.generation.remote.text import cleaned, until_stop, without_overlap, without_thoughts

SPLITS = some.lists(some.integers(1, 9), min_size=1, max_size=40)


def pieces(text: str, splits: list[int]) -> list[str]:
    found, at = [], 0
    while at < len(text):
        size = splits[len(found) % len(splits)]
        found.append(text[at : at + size])
        at += size
    return found


@given(SPLITS)
def test_thoughts_are_left_out(splits: list[int]) -> None:
    for text, shown in {
        "<think>\nHm. </thin\n</think>\n\nNF4.": "NF4.",
        "  <think></think>NF4.": "NF4.",
        "<b> is shown": "<b> is shown",
        "Code: <think> stays": "Code: <think> stays",
        "<thi": "<thi",
        "<think>never ends": "",
    }.items():
        assert "".join(without_thoughts(pieces(text, splits))) == shown


@given(SPLITS)
def test_a_stop_string_is_found_across_pieces(splits: list[int]) -> None:
    for text, shown in {
        "one<end_of_turn>two": "one",
        "one<end_of": "one<end_of",
        "<<end_of_turn>": "<",
        "a\nUser: b": "a",
        "plain": "plain",
    }.items():
        assert "".join(until_stop(pieces(text, splits), ["<end_of_turn>", "\nUser:", ""])) == shown


def test_no_more_is_held_back_than_a_stop_string_may_need() -> None:
    assert list(until_stop(["ab", "c<", "d"], ["<end>"])) == ["ab", "c", "<d"]


@given(SPLITS)
def test_what_was_begun_is_not_said_again(splits: list[int]) -> None:
    begun = "Gradient checkpointing saves memory because activations"
    for text, asked, shown in (
        (" are recomputed.", False, " are recomputed."),
        (f"{begun} are recomputed.", False, " are recomputed."),
        (f"{begun} are recomputed.", True, " are recomputed."),
        ("saves memory because activations are recomputed.", True, " are recomputed."),
        ("are recomputed.", True, " are recomputed."),
        ("Gradient checkpointing costs time.", True, "Gradient checkpointing costs time."),
        ("。之后", True, "。之后"),
    ):
        got = "".join(without_overlap(pieces(text, splits), begun, lambda asked=asked: asked))  # type: ignore[misc]
        if text.startswith("Gradient checkpointing costs"):
            got = got.strip()
        assert got == shown


@given(some.text(some.characters(codec=None), max_size=60), SPLITS)
def test_cleaned_text_can_always_be_stored(text: str, splits: list[int]) -> None:
    got = "".join(cleaned(pieces(text, splits)))
    got.encode("utf-8")
    assert not any(ord(each) < 32 and each not in "\n\t" for each in got)


OBJECTS = [{"choices": [{"delta": {"content": text}}]} for text in ("a", "é", "中文\n", "😀", '"}{')]


@given(SPLITS, some.sampled_from(["\n\n", "\r\n\r\n", "\n"]), some.booleans())
def test_events_are_read_however_they_are_cut(splits: list[int], ending: str, escaped: bool) -> None:
    lines = [f"data: {json.dumps(each, ensure_ascii=escaped)}" for each in OBJECTS]
    text = ending.join([": hello", "event: x", *lines, "data: [DONE]", "data: {never", ""])
    data, events, got = text.encode(), Events(1 << 20), []
    at = 0
    for number in range(len(data)):
        size = splits[number % len(splits)]
        got += list(events.feed(data[at : at + size]))
        at += size
    assert got == [*OBJECTS, END]
    assert list(events.end()) == []


@settings(max_examples=200)
@given(
    some.lists(
        some.binary(max_size=40) | some.sampled_from([b"data: ", b"{", b"}", b"\n", b"[DONE]", b'"a":1']),
        max_size=30,
    )
)
def test_any_bytes_are_objects_or_a_fault(parts: list[bytes]) -> None:
    events, fault = Events(1 << 12), None
    try:
        for part in parts:
            assert all(isinstance(each, dict) for each in events.feed(part))
        assert all(isinstance(each, dict) for each in events.end())
    except Fault as found:
        fault = found
    assert fault is None or fault.sentence("host") != fault.sentence("host", "zh")


def test_an_object_on_many_lines_is_bounded() -> None:
    with pytest.raises(Fault) as failed:
        list(Events(1 << 24).feed(b'data: {"a": [\n' + b"data: {}\n" * LINE))
    assert failed.value.kind == "garbage"


def test_the_estimate_is_near_in_both_languages() -> None:
    # counted with Qwen2.5's rules by hand: words are one token, a Chinese character is at most one
    assert estimate("") == 0
    assert 9 <= estimate("The model runs out of memory on the GPU.") <= 12
    assert 6 <= estimate("显存不足怎么办？") <= 9
    assert 5 <= estimate("bnb_4bit_quant_type") <= 10
