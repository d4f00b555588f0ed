"""The user's text is shown as typed, and read back as typed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.web.verbatim import shown, typed


@pytest.mark.parametrize(
    "text", ["What if I use LoRA?", "如果我用 LoRA 呢？", "Which GPU for a 7B model, e.g. 4-bit?"]
)
def test_plain_prose_stays_prose(text: str) -> None:
    assert shown(text) == text


@pytest.mark.parametrize(
    "text",
    [
        'File "a.py", line 1, in <module>\n    model.__init__()',
        "`x` and ```y```",
        "* a",
        "<img src=x onerror=alert(1)>",
        "[a](javascript:alert(1))",
        "    indented",
        "````text\nsomebody's own fence\n````",
    ],
)
def test_what_markdown_would_change_is_fenced(text: str) -> None:
    assert shown(text) != text
    assert shown(text).splitlines()[0].startswith("```")
    assert typed(shown(text)) == text


@given(st.text(alphabet="ab `\n*_<>#[]()\\~-1.", max_size=80))
def test_typed_is_the_inverse_of_shown(text: str) -> None:
    assert typed(shown(text)) == text
