"""A model's Markdown cannot act on the page."""

from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from assistant.generation.harmless import harmless

TAGS = {
    "p",
    "strong",
    "em",
    "code",
    "pre",
    "ul",
    "ol",
    "li",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "hr",
    "br",
    "blockquote",
    "table",
    "thead",
    "tbody",
    "tr",
    "th",
    "td",
    "s",
}


class Elements(HTMLParser):
    """Collects tags and attributes."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}


def elements(markdown: str) -> Elements:
    found = Elements()
    found.feed(MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"]).render(markdown))
    return found


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "![pixel](http://evil.example/p.png)",
        "![p][x]\n\n[x]: http://evil.example/p.png",
        "[click](javascript:alert(1))",
        '[click](http://evil.example "title")',
        "[click] (http://evil.example)",
        "[click][1]\n\n[1]: javascript:alert(1)",
        "<http://evil.example>",
        "a <!-- b --> c",
        "<svg/onload=alert(1)>",
        "`` ` `` <b>x</b>",
        "`open <b>x</b>",
        "<details open ontoggle=alert(1)>",
        "&lt;script&gt; <script>",
        "\\<img src=x>",
        "![](data:text/html;base64,AAAA)",
        "[a](<javascript:alert(1)>)",
        "[a]( \n javascript:alert(1))",
        "```<b>`",
        "~~~ <b>\n~~~\n<b>",
        "```a`\n<b>\n```",
    ],
)
def test_hostile_markdown(text: str) -> None:
    found = elements(harmless(text))
    assert found.tags <= TAGS, harmless(text)
    assert not found.attributes & {"src", "href", "onerror", "onload", "style"}


@given(
    st.lists(
        st.sampled_from(
            [
                "<",
                ">",
                "[",
                "]",
                "(",
                ")",
                "!",
                "`",
                "```",
                "\n",
                "\n\n",
                "~~~",
                "a",
                " ",
                "\\",
                "javascript:x",
                "http://e.example",
                "[1]",
                ": ",
                "img src=x",
                "<b>",
                "&lt;",
                "\t",
                "    ",
                "- ",
                "|",
                '"',
                "'",
            ]
        ),
        max_size=30,
    ).map("".join)
)
def test_no_mixture_of_marks_acts(text: str) -> None:
    found = elements(harmless(text))
    assert found.tags <= TAGS, (text, harmless(text))
    assert not found.attributes & {"src", "href", "onerror"}, (text, harmless(text))


def test_what_a_good_reply_needs_stays() -> None:
    text = "**Cause**: `x < y` fails [1].\n\n```python\na = b < c\nprint('<x>')\n```\n\n- one\n- two [2]"
    assert harmless(text) == text


def test_a_fence_that_stays_open_is_closed() -> None:
    assert harmless("```python\nx = 1").endswith("\n```")


def test_an_address_of_the_sources_stays() -> None:
    address = "https://huggingface.co/docs"
    assert harmless(f"See {address}", frozenset({address})) == f"See {address}"
    assert harmless("See https://other.example/x") == "See `https://other.example/x`"
