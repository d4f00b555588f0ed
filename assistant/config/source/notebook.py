"""A notebook's code as one Python text, and changes of that text as changes of the notebook.

The text has the same characters as the cells, except that shell lines and magics become comments of
the same length, so that every place in it is a place in a cell.
"""

import json
import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from assistant.config.edits import Edit, applied
from assistant.config.settings import Settings
from assistant.config.source.code import read_code
from assistant.config.source.text import Span
from assistant.errors import UserError

_STRING = re.compile(r'"(?:[^"\\]|\\.)*"', re.DOTALL)
_MAGIC = re.compile(r"([ \t]*)(?:[\w, .\[\]\"']+=[ \t]*)?(?P<magic>[!%]|\?{1,2}[\w%!])")
_HELP = re.compile(r"[ \t]*[\w.]+\?{1,2}[ \t]*$")
_AUTOMAGIC = re.compile(
    r"(?:pip3?|conda|mamba|uv|cd|ls|cat|cp|mv|rm|mkdir|pwd|git|wget|apt(?:-get)?)[ \t]+[\w./~-]+"
)
_PYTHON_CELL = re.compile(r"%%(?:time|timeit|capture|prun|memit|mprun|python3?|ipytest)\b")
_OTHER_CELL = re.compile(r"\s*%%\w+")


@dataclass(frozen=True, slots=True)
class _Part:
    """One string of a cell's source: its place in the code and in the file, cell and line from 1."""

    start: int
    text: str
    raw: Span
    cell: int
    line: int


@dataclass(frozen=True, slots=True)
class Notebook:
    """`code` is what Python reads, `original` the same with magics as written."""

    code: str
    original: str
    parts: tuple[_Part, ...]
    raw: str


def read_notebook(raw: str, document: Settings) -> Notebook:
    """Raises UserError where there is no list of cells or its language is not Python."""
    cells = document.data("cells")
    if not isinstance(cells, list):
        worksheets = document.data("worksheets")
        first = worksheets[0] if isinstance(worksheets, list) and worksheets else None
        cells = first.data("cells") if isinstance(first, Settings) else None
    if not isinstance(cells, list):
        raise UserError("this notebook has no cells: its JSON lacks the list `cells`.")
    language = _language(document)
    if language and "python" not in language.lower():
        raise UserError(f"this notebook is written in {language}; only Python is checked.")
    code: list[str] = []
    original: list[str] = []
    parts: list[_Part] = []
    at = 0
    for number, cell in enumerate(cells, 1):
        if not isinstance(cell, Settings) or cell.data("cell_type") != "code":
            continue
        here = _parts(raw, cell, number, at)
        source = "".join(part.text for part in here)
        ended = source if source.endswith("\n") else source + "\n"
        parts += here
        original.append(ended)
        code.append(_python(source) + ended[len(source) :])
        at += len(ended)
    return Notebook("".join(code), "".join(original), tuple(parts), raw)


def _language(document: Settings) -> str:
    metadata = document.inner("metadata")
    kernel = metadata.inner("kernelspec") if metadata else None
    info = metadata.inner("language_info") if metadata else None
    found = (kernel.text("language") if kernel else None) or (info.text("name") if info else None)
    return found or ""


def _parts(raw: str, cell: Settings, number: int, at: int) -> list[_Part]:
    item = cell.items.get("source") or cell.items.get("input")
    if item is None:
        return []
    parts: list[_Part] = []
    line = 1
    for match in _STRING.finditer(raw, item.value.span.start, item.value.span.end):
        text = json.loads(match.group(), strict=False)
        parts.append(_Part(at, text, Span(*match.span()), number, line))
        at += len(text)
        line += text.count("\n")
    return parts


def _python(source: str) -> str:
    """A cell with everything that is not Python made a comment of the same length."""
    _, fault = read_code(source)
    if fault is None:
        return source
    lines = re.split(r"(?<=\n)", source)
    cell_magic = next((n for n, line in enumerate(lines) if line.strip()), 0)
    head = lines[cell_magic].strip()
    if _OTHER_CELL.match(head) and not _PYTHON_CELL.match(head):
        return "".join(map(_comment, lines))
    if _AUTOMAGIC.match(head) and len(lines) <= 2:
        return "".join(map(_comment, lines))
    done: list[str] = []
    going_on = False
    for line in lines:
        match = _MAGIC.match(line.rstrip("\r\n")) or None
        if going_on:
            done.append(_comment(line))
        elif match:
            place = match.start("magic")
            done.append(line[:place] + _nothing(line[place:]))
        elif _HELP.match(line.rstrip("\r\n")) or _AUTOMAGIC.match(line):
            blank = len(line) - len(line.lstrip())
            done.append(line[:blank] + _nothing(line[blank:]))
        else:
            done.append(line)
            continue
        going_on = line.rstrip().endswith("\\")
    return "".join(done)


def _nothing(rest: str) -> str:
    """A statement that does nothing, as long as what stands there."""
    body = rest.rstrip("\r\n")
    return ("0" + "#" * (len(body) > 1) + body[2:]) + rest[len(body) :]


def _comment(line: str) -> str:
    return "#" + line[1:] if line.strip("\r\n") else line


def place(notebook: Notebook, offset: int) -> tuple[int, int, int]:
    """Cell, line in the cell, and offset in the file of a place in the code."""
    part = _part(notebook, offset)
    if part is None:
        return 1, 1, 0
    line = part.line + part.text.count("\n", 0, max(0, offset - part.start))
    return part.cell, line, part.raw.start


def _part(notebook: Notebook, offset: int) -> _Part | None:
    index = bisect_right([part.start for part in notebook.parts], offset) - 1
    return notebook.parts[max(index, 0)] if notebook.parts else None


def notebook_edits(notebook: Notebook, edits: Sequence[Edit]) -> list[Edit]:
    """Changes of the code as changes of the file; only the strings that change are written anew."""
    done: list[Edit] = []
    for group in _cells(notebook, edits):
        touched = [part for part in notebook.parts if _touches(part, group)]
        if not touched:
            continue
        begin = touched[0].start
        text = "".join(part.text for part in touched)
        moved = [Edit(Span(e.span.start - begin, e.span.end - begin), e.text) for e in group]
        new = re.findall(r"[^\n]*\n|[^\n]+\Z", applied(text, moved))
        between = _between(notebook, touched[0])
        whole = Span(touched[0].raw.start, touched[-1].raw.end)
        if between is None:
            written = json.dumps("".join(new), ensure_ascii=_ascii(notebook, whole))
        else:
            written = between.join(json.dumps(line, ensure_ascii=_ascii(notebook, whole)) for line in new)
        done.append(Edit(whole, written or '""'))
    return done


def _cells(notebook: Notebook, edits: Sequence[Edit]) -> list[list[Edit]]:
    """Changes that lie in one cell, together."""
    groups: dict[int, list[Edit]] = {}
    for edit in sorted(edits, key=lambda edit: edit.span.start):
        part = _part(notebook, edit.span.start)
        groups.setdefault(part.cell if part else 0, []).append(edit)
    return list(groups.values())


def _touches(part: _Part, edits: Sequence[Edit]) -> bool:
    first, last = edits[0].span.start, max(edit.span.end for edit in edits)
    end = part.start + len(part.text)
    return (part.start <= first < end) or (first < part.start < last)


def _between(notebook: Notebook, part: _Part) -> str | None:
    """What separates the strings of this cell in the file; None where its source is one string."""
    cell = [other for other in notebook.parts if other.cell == part.cell]
    for one, other in pairwise(cell):
        return notebook.raw[one.raw.end : other.raw.start]
    before = notebook.raw[: part.raw.start].rstrip()
    if before.endswith("["):
        return "," + notebook.raw[len(before) : part.raw.start]
    return None


def _ascii(notebook: Notebook, span: Span) -> bool:
    """Whether the file writes other characters as escapes."""
    return "\\u" in notebook.raw[span.start : span.end]
