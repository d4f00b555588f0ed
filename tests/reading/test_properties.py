"""Whatever the text: reading never fails, stays within its bounds, and gives text that can be shown."""

from collections.abc import Iterator
from dataclasses import fields, is_dataclass

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assistant.case import build_case
from assistant.reading import Reading, read
from assistant.reading.focus import LIMIT

FRAGMENTS = st.sampled_from(
    [
        "Traceback (most recent call last):\n",
        '  File "/home/a/b.py", line 3, in f\n',
        '  File "',
        "    x = 1\n    ^^^^^\n",
        "RuntimeError: CUDA out of memory. Tried to allocate 2.00 GiB\n",
        "ValueError:",
        "Cell In[3], line 2\n----> 2 x\n",
        "During handling of the above exception, another exception occurred:\n",
        "╭──── Traceback (most recent call last) ────╮\n",
        "│ /a/b.py:3 in f │\n",
        "│ ❱ 3 │ x │\n",
        "╰───╯\n",
        "[rank0]: ",
        "[rank999999999999999999]: ",
        "0: ",
        "  + Exception Group Traceback (most recent call last):\n",
        "  | ",
        "\x1b[31m",
        "\x1b[",
        "\x1b]",
        "\r 3%|█ | 1/3",
        "\r",
        "\r\n",
        "\u2028",
        "\x00",
        "\ud800",
        "\u202e",
        "🤗",
        "显存不足怎么办？",
        "[[[[((((",
        "{'loss': nan}\n",
        "batch size 9999999999999999999999\n",
        "99999999999999x4090",
        "9" * 400,
        "torch==",
        "transformers 4.",
        "--flag=",
        "a=b\n",
        "key: [1, 2\n",
        "/models/",
        "models--a--b",
        "4090" * 3,
        "²³ ٣ 四卡 ⅷ",
        "１２８GB 显存 ４０９０",
        "\t\t",
        "\n\n",
        " " * 50,
        "x" * 5_000,
        "WARNING ",
        "already tried ",
        "hf_",
        "https://a:b@c",
        "CUDA_VISIBLE_DEVICES=0,1,",
        "File a:1:2:3, in \n",
        '\\n  File \\"a\\", line 1\\nError\\n',
    ]
)
TEXTS = st.lists(st.one_of(FRAGMENTS, st.text(max_size=30)), max_size=40).map("".join)
SURROGATES = st.text(st.characters(exclude_categories=()), max_size=400)


def strings(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from strings(key)
            yield from strings(item)
    elif isinstance(value, tuple):
        for item in value:
            yield from strings(item)
    elif is_dataclass(value):
        for each in fields(value):
            yield from strings(getattr(value, each.name))


def check(reading: Reading) -> None:
    assert len(reading.text) <= LIMIT
    assert reading.kind in ("traceback", "log", "config", "report", "question")
    assert reading.lang in ("en", "zh")
    for text in strings(reading):
        text.encode("utf-8")
        assert "\x1b" not in text
        assert "\x00" not in text
    for fact in reading.facts.values():
        assert isinstance(fact, str | float | bool)
    assert reading.main is None or reading.main in reading.exceptions
    build_case([reading])


@given(TEXTS)
@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_fragments(text: str) -> None:
    check(read(text))


@given(SURROGATES)
@settings(max_examples=200, deadline=None)
def test_any_text(text: str) -> None:
    check(read(text))


@given(st.binary(max_size=600))
@settings(max_examples=200, deadline=None)
def test_any_bytes(data: bytes) -> None:
    check(read(data))


@given(TEXTS, st.integers(1, 400))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_large_texts(text: str, times: int) -> None:
    check(read((text + "\n") * times))


@given(TEXTS)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_reading_is_repeatable_and_settled(text: str) -> None:
    once = read(text)
    assert read(text) == once
    assert read(once.text).text == read(read(once.text).text).text


@pytest.mark.parametrize("text", ["", " ", "\n", "\r", b"", b"\xff\xfe\x00", "\ufeff"])
def test_nothing(text: str | bytes) -> None:
    reading = read(text)
    check(reading)
    assert reading.kind == "question"
    assert not reading.exceptions


def test_bytes_are_utf8() -> None:
    assert read("显存不足".encode()).text == "显存不足"
    assert "?" in read("a\ud800b").text
