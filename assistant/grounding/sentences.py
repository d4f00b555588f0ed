"""Cuts a reply into sentences, with their places: Markdown, code fences and lists, English and Chinese.

A fenced block is one piece. Elsewhere a line is cut after closing punctuation; citations that follow
it belong to the sentence before. Each step takes time linear in the text.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

Kind = Literal["prose", "code", "label"]

MAX_SENTENCE = 800  # characters; what is longer is cut there
_FENCE = re.compile(r"^\s{0,3}(```+|~~~+)")
_MARKER = re.compile(r"^\s*(?:(?:[-*+•]|#{1,6}|>|\(?\d{1,3}[.)、）])\s+|>\s*)+")
_LABEL = re.compile(
    r"^[\s*_#>-]*(?:[^\s`][^.。!?！？\n`]{0,40})[:：][\s*_]*$|^\s*#{1,6}\s|^\s*[*_]{2,3}[^*_]{1,60}[*_]{2,3}\s*$"
)
# Where a sentence may end: closing punctuation, closing quotes, and citations that come after it.
_END = re.compile(
    r"(?:[。！？!?…]+|\.+)[\"'”’)）\]」』*_]*(?:\s*\[\d{1,6}\](?:\s*[,，、]?\s*\[\d{1,6}\])*[.。]?)?"
)
_ABBREVIATION = re.compile(
    r"(?i)(?:^|[^a-z])(?:e\.g|i\.e|etc|vs|cf|fig|no|approx|resp|incl|dr|mr|ms|st|u\.s|ca)\.$"
)
_UNPAIRED = re.compile("[\ud800-\udfff]")
_SPAN = re.compile(r"`+[^`\n]*`+")
_ONLY_CITES = re.compile(r"^\s*(?:\[\d{1,6}\][\s,，、.。;；]*)+$")


@dataclass(frozen=True, slots=True)
class Piece:
    """A sentence (`prose`), a fenced block (`code`) or a heading or label of what follows (`label`)."""

    text: str
    start: int
    end: int
    kind: Kind


def plain(text: str) -> str:
    """The text with characters that cannot be written as UTF-8 replaced, one for one."""
    return _UNPAIRED.sub("\ufffd", text)


def split(text: str) -> list[Piece]:
    """The pieces of a text in order; blank ones and bare list markers are left out."""
    return list(_pieces(text))


def _pieces(text: str) -> Iterator[Piece]:
    fence, fence_start, at = "", 0, 0
    for line in text.splitlines(keepends=True):
        start, at = at, at + len(line)
        mark = _FENCE.match(line)
        if fence:
            if mark and mark[1].startswith(fence) and not line[mark.end() :].strip("`~ \t\r\n"):
                yield Piece(text[fence_start:at].strip(), fence_start, at, "code")
                fence = ""
        elif mark:
            fence, fence_start = mark[1], start
        else:
            yield from _line(line, start)
    if fence:
        yield Piece(text[fence_start:].strip(), fence_start, len(text), "code")


def _line(line: str, offset: int) -> Iterator[Piece]:
    if _LABEL.search(line):
        if line.strip():
            yield _piece(line, offset, "label")
        return
    marker = _MARKER.match(line)
    begin = marker.end() if marker else 0
    held: Piece | None = None
    for start, end in _cuts(line, begin):
        if not any(map(str.isalnum, line[start:end])):
            continue
        piece = _piece(line[start:end], offset + start, "prose")
        if held and _ONLY_CITES.search(piece.text):  # "… text. [1]"
            joined = line[held.start - offset : end]
            held = _piece(joined, held.start, "prose")
            continue
        if held:
            yield held
        held = piece
    if held:
        yield held


def _piece(text: str, start: int, kind: Kind) -> Piece:
    stripped = text.strip()
    begin = start + len(text) - len(text.lstrip())
    return Piece(stripped, begin, begin + len(stripped), kind)


def _cuts(line: str, begin: int) -> Iterator[tuple[int, int]]:
    spans = [(found.start(), found.end()) for found in _SPAN.finditer(line)]
    span = 0
    start = begin
    for found in _END.finditer(line, begin):
        at, end = found.start(), found.end()
        while span < len(spans) and spans[span][1] <= at:
            span += 1
        if span < len(spans) and spans[span][0] <= at:
            continue
        if not _closes(line, at, end, start):
            continue
        yield from _bounded(start, end)
        start = end
    if start < len(line):
        yield from _bounded(start, len(line))


def _closes(line: str, at: int, end: int, start: int) -> bool:
    if line[at] in "。！？…":
        return True
    rest = line[end : end + 1]
    if rest and not rest.isspace() and not _wide(rest):
        return False
    if line[at] == "." and _ABBREVIATION.search(line[max(start, at - 8) : at + 1]):
        return False
    following = line[end : end + 40].lstrip()[:1]
    cited = line[at - 1 : at] == "]" or "]" in line[at:end]
    return not following or not following.islower() or line[at] in "!?" or cited


def _wide(character: str) -> bool:
    return "\u2e80" <= character <= "\uffef"


def _bounded(start: int, end: int) -> Iterator[tuple[int, int]]:
    while end - start > MAX_SENTENCE:
        yield start, start + MAX_SENTENCE
        start += MAX_SENTENCE
    yield start, end
