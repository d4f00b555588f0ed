"""Makes a model's Markdown harmless for a page: no HTML, no images, no links of its own, no code fence
that stays open. Code is left as it is, since Markdown shows it literally.
"""

import re
from functools import cache

from markdown_it import MarkdownIt

_CODE = re.compile(
    r"(^[ \t]*(?P<fence>`{3,}(?=[^`\n]*\n)|~{3,})[^\n]*\n.*?(?:^[ \t]*(?P=fence)[`~]*[ \t]*$|\Z)|(?<!`)(?P<ticks>`+)(?!`)[^\n]*?(?<!`)(?P=ticks)(?!`))",
    re.MULTILINE | re.DOTALL,
)
_OPEN_FENCE = re.compile(r"^[ \t]*(`{3,}(?=[^`\n]*$)|~{3,})", re.MULTILINE)
_ACTING = {"html_inline", "html_block", "link_open", "image"}
_ESCAPED = {"<": "&lt;", ">": "&gt;"}
_LINK = re.compile(r"\]\s?\([^()\n]*(?:\([^()\n]*\)[^()\n]*)*\)?")
_REFERENCE_LINK = re.compile(r"\]\s?\[[^\]\n]*\](?!\()")
_DEFINITION = re.compile(r"^[ \t]{0,3}\[[^\]\n]+\]:[ \t]*\S.*$", re.MULTILINE)
_ADDRESS = re.compile(
    r"(?i)\b(?:[a-z][a-z0-9+.-]{1,20}://|www\.|mailto:|javascript:|data:)[^\s<>`\"'）)】，。]*"
)
_CITED = re.compile(r"\[\d{1,3}\]")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")


def harmless(markdown: str, addresses: frozenset[str] = frozenset()) -> str:
    """The Markdown without anything that acts. Of `addresses` those that the model repeats stay as text
    that a page may link; others are shown as code."""
    text = _CONTROL.sub("", markdown)
    shown = _outside_code(text, addresses)
    # where Markdown ends a piece of code elsewhere than we do, nothing counts as code
    return shown if not _acts(shown) else _prose(text, addresses)


def _outside_code(text: str, addresses: frozenset[str]) -> str:
    parts, end = [], 0
    for code in _CODE.finditer(text):
        parts += [_prose(text[end : code.start()], addresses), code[0]]
        end = code.end()
    parts.append(_prose(text[end:], addresses))
    return _closed("".join(parts))


def _prose(text: str, addresses: frozenset[str]) -> str:
    text = _DEFINITION.sub("", text)
    text = text.replace("![", "[")
    text = _LINK.sub("]", text)
    text = _REFERENCE_LINK.sub(
        lambda found: found[0] if _CITED.fullmatch(found[0][1:].strip()) else "]", text
    )
    text = re.sub(r"[<>]", lambda sign: _ESCAPED[sign[0]], text)
    return _ADDRESS.sub(lambda found: found[0] if found[0] in addresses else f"`{found[0]}`", text)


def _acts(markdown: str) -> bool:
    """Whether a Markdown parser finds HTML, links or images in it."""
    tokens = _parser().parse(markdown)
    inner = [child for token in tokens for child in token.children or ()]
    return any(token.type in _ACTING for token in [*tokens, *inner])


@cache
def _parser() -> MarkdownIt:
    return MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])


def _closed(text: str) -> str:
    """The text with its last fence closed, and a single backtick that opens nothing escaped."""
    opened = ""
    for line in text.split("\n"):
        fence = _OPEN_FENCE.match(line)
        if fence and not opened:
            opened = fence[1]
        elif opened and line.strip().startswith(opened) and not line.strip().strip(opened[0]):
            opened = ""
    return f"{text}\n{opened}" if opened else text
