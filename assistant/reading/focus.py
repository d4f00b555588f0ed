"""Narrows a large paste to the lines that matter, in linear time and bounded size.

Kept: the first and last lines, and the blocks around lines that look like tracebacks, errors,
warnings, in this order of importance; of the many that differ only in numbers a few. Rare ones come
first: the root cause is said once, its consequences a thousand times. A paste within LIMIT is kept
whole. The text is searched as UTF-8 bytes by RE2, without splitting it into lines.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import re2

LIMIT = 24_000
_HEAD, _TAIL = 2_300, 5_500
_BLOCK, _NEIGHBOUR = 4_500, 300
_FROM_END = 600_000
_DIGITS = b"0123456789"


@dataclass(frozen=True, slots=True)
class _Tier:
    """What is looked for, how many lines around it are kept, how many bytes in all, and how many
    lines are looked at from each end."""

    pattern: Any
    before: int
    after: int
    budget: int
    most: int


_TIERS = (
    _Tier(
        re2.compile(
            rb"Traceback \(most recent|(?m:^[^\n]{0,120}\b[A-Z]\w*(?:Error|Exception|Interrupt)(?::|$))|(?m:^.{0,40}File \"[^\"\n]{1,400}\", line \d)|\.py:\d{1,6} in [<\w]|Assertion `|"
            rb"out of memory|core dumped|Segmentation fault|LOAD REPORT|Killed\b|Bus error|CUDA error|[Ww]atchdog|Error\(s\) in"
        ),
        3,
        8,
        11_000,
        30_000,
    ),
    _Tier(
        re2.compile(
            r"\bERROR\b|\bFATAL\b|\bCRITICAL\b|\[E |\berror:|[Ff]ailed\b|[Tt]imed? ?out|exitcode|\bnan\b|\binf\b|[Mm]ismatch|Error\b|Exception\b|错误|失败".encode()
        ),
        2,
        4,
        3_000,
        20_000,
    ),
    _Tier(
        re2.compile(rb"[Ww]arning\b|\bWARN(?:ING)?\b|newly initialized|not used when|deprecated|\bassert"),
        1,
        2,
        1_700,
        20_000,
    ),
)


def focus(text: str) -> str:
    """The text, or for more than LIMIT characters the telling parts of it, in order."""
    if len(text) <= LIMIT:
        return text
    data = text.encode("utf-8")
    head, tail = _cut_before(data, _HEAD), _cut_after(data, len(data) - _TAIL)
    spans = [(0, head), (tail, len(data))]
    for tier in _TIERS:
        spans += _blocks(data, tier, head, tail)
    return "\n".join(_shown(data, spans))[:LIMIT]


def _cut_before(data: bytes, at: int) -> int:
    """The start of the line at a place, or the place itself in a long line."""
    start = data.rfind(b"\n", max(0, at - _HEAD), at) + 1
    return start or at


def _cut_after(data: bytes, at: int) -> int:
    end = data.find(b"\n", at, at + _HEAD)
    return end + 1 if end >= 0 else at


@dataclass(slots=True)
class _Block:
    """Neighbouring telling lines, and their shapes: what they say, numbers left out."""

    first: int
    last: int
    shapes: list[bytes]


def _blocks(data: bytes, tier: _Tier, start: int, end: int) -> list[tuple[int, int]]:
    """The blocks that one tier keeps within its budget, those with the rarest lines first."""
    blocks: list[_Block] = []
    counts: Counter[bytes] = Counter()
    for line_start, line_end in _matching(data, tier, start, end):
        shape = data[line_start : min(line_end, line_start + 160)].translate(None, _DIGITS)
        counts[shape] += 1
        if blocks and line_start <= blocks[-1].last and line_end - blocks[-1].first <= _BLOCK:
            blocks[-1].last = max(_lines_on(data, line_end, tier.after, end), blocks[-1].last)
            blocks[-1].shapes.append(shape)
        else:
            first = _lines_back(data, line_start, tier.before, start)
            blocks.append(_Block(first, _lines_on(data, line_end, tier.after, end), [shape]))
    chosen: list[tuple[int, int]] = []
    taken: Counter[bytes] = Counter()
    budget = tier.budget
    ranked = ((min(block.shapes, key=counts.__getitem__), block) for block in _from_both_ends(blocks))
    for shape, block in sorted(ranked, key=lambda pair: counts[pair[0]].bit_length()):
        cost = min(block.last - block.first, _BLOCK)
        if taken[shape] >= 2 or cost > budget:
            continue
        taken[shape] += 1
        budget -= cost
        chosen.append((block.first, block.first + cost))
    return chosen


def _matching(data: bytes, tier: _Tier, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Start and end of each line that a tier's pattern is found in; in a text that is nothing but
    such lines, those at its beginning and its end."""
    for begin in (start, max(start, end - _FROM_END)):
        at = begin
        for _ in range(tier.most):
            match = tier.pattern.search(data, at, end)
            if not match:
                return
            line_start = max(data.rfind(b"\n", max(0, match.start() - 16_000), match.start()) + 1, start)
            line_end = data.find(b"\n", match.end(), end)
            line_end = end if line_end < 0 else line_end
            yield line_start, line_end
            at = line_end + 1
            if at >= end:
                return
        if at >= end - _FROM_END:
            return


def _lines_back(data: bytes, at: int, lines: int, limit: int) -> int:
    for _ in range(lines):
        previous = data.rfind(b"\n", max(limit, at - 1 - _NEIGHBOUR), max(limit, at - 1))
        if previous < 0:
            break
        at = previous + 1
    return max(at, limit)


def _lines_on(data: bytes, at: int, lines: int, limit: int) -> int:
    for _ in range(lines):
        following = data.find(b"\n", at + 1, min(limit, at + 1 + _NEIGHBOUR))
        if following < 0:
            break
        at = following
    return min(at, limit)


def _from_both_ends(groups: list[_Block]) -> Iterator[_Block]:
    """The last, the first, the last but one, …: the fatal error is late, the root cause early."""
    first, last = 0, len(groups) - 1
    while first <= last:
        yield groups[last]
        if first < last:
            yield groups[first]
        first, last = first + 1, last - 1


def _shown(data: bytes, spans: list[tuple[int, int]]) -> Iterator[str]:
    """The kept parts in order, overlapping ones once, an empty line for each gap."""
    done = 0
    for first, last in sorted(spans):
        if last <= done:
            continue
        if first > done > 0:
            yield ""
        yield data[max(first, done) : last].decode("utf-8", errors="ignore").strip("\n")
        done = last
