"""Changes to a text as a unified diff.

Made from the changed places, not by comparing two texts: a notebook with pictures has lines enough to
keep a general comparison busy for seconds.
"""

import re
from collections.abc import Sequence
from functools import lru_cache

from assistant.config.edits import Edit, applied
from assistant.config.source.text import Span, Text

_CONTEXT = 3
_Block = tuple[int, int, list[Edit]]


def unified_diff(name: str, content: str, edits: Sequence[Edit]) -> str:
    """The changes as `patch` and `git apply` read them; "" if there are none or none that can be
    shown (line breaks of old Macs)."""
    if not edits or _old_breaks(content):
        return ""
    text = _text(content)
    lines = _lines(content)
    starts = (*text.starts[: len(lines)], len(content))
    hunks, shift = [], 0
    for first, last, inside in _blocks(text, edits):
        begin, end = starts[min(first, len(lines))], starts[min(last + 1, len(lines))]
        here = [Edit(Span(e.span.start - begin, e.span.end - begin), e.text) for e in inside]
        old, new = _lines(content[begin:end]), _lines(applied(content[begin:end], here))
        same = _common(old, new)
        old, new, first = old[same:], new[same:], first + same
        tail = _common(old[::-1], new[::-1])
        old, new = old[: len(old) - tail], new[: len(new) - tail]
        if old or new:
            hunks.append(_hunk(lines, first, old, new, shift))
            shift += len(new) - len(old)
    if not hunks:
        return ""
    shown = " ".join(name.split()).lstrip("/") or "file"
    return f"--- a/{shown}\n+++ b/{shown}\n" + "".join(hunks)


@lru_cache(maxsize=8)
def _old_breaks(content: str) -> bool:
    return re.search(r"\r(?!\n)", content) is not None


def _blocks(text: Text, edits: Sequence[Edit]) -> list[_Block]:
    """Changes grouped by the lines (from 0) that they touch, joined where their context would meet."""
    blocks: list[_Block] = []
    for edit in sorted(edits, key=lambda edit: edit.span.start):
        first = text.line(edit.span.start) - 1
        last = text.line(edit.span.end) - 1
        if blocks and first - blocks[-1][1] <= 2 * _CONTEXT:
            start, end, inside = blocks[-1]
            blocks[-1] = (start, max(end, last), [*inside, edit])
        else:
            blocks.append((first, last, [edit]))
    return blocks


def _hunk(lines: Sequence[str], first: int, old: Sequence[str], new: Sequence[str], shift: int) -> str:
    start = max(0, first - _CONTEXT)
    before = lines[start:first]
    after = lines[first + len(old) : first + len(old) + _CONTEXT]
    old_size, new_size = (len(before) + len(part) + len(after) for part in (old, new))
    head = f"@@ -{start + bool(old_size)},{old_size} +{start + shift + bool(new_size)},{new_size} @@\n"
    rows = [(" ", before), ("-", old), ("+", new), (" ", after)]
    return head + "".join(_row(sign, line) for sign, part in rows for line in part)


def _row(sign: str, line: str) -> str:
    return f"{sign}{line}" if line.endswith("\n") else f"{sign}{line}\n\\ No newline at end of file\n"


@lru_cache(maxsize=8)
def _text(content: str) -> Text:
    return Text(content)


@lru_cache(maxsize=64)
def _lines(part: str) -> tuple[str, ...]:
    return tuple(re.findall(r"[^\n]*\n|[^\n]+\Z", part))


def _common(one: Sequence[str], other: Sequence[str]) -> int:
    count = 0
    for left, right in zip(one, other, strict=False):
        if left != right:
            break
        count += 1
    return count
