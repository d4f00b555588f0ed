"""Narrows a large paste to the lines that matter, in linear time and bounded size.

Kept: the first and last lines, and windows around lines that look like errors, warnings, tracebacks
or settings; the first and the last of those, since a root cause tends to come first and the fatal
error last. A paste within LIMIT is kept whole.
"""

import re
from collections import Counter

LIMIT = 24_000
_HEAD, _TAIL = 2_000, 6_000
_BEFORE, _AFTER = 2, 6
_TELLING = re.compile(
    r"Traceback \(most recent|Error\b|Exception\b|Warning\b|\bERROR\b|\bFATAL\b|\bCRITICAL\b|\[E "
    r"|error:|[Ff]ailed|Killed|out of memory|Segmentation fault|[Tt]imed? ?out|core dumped|exitcode"
    r"|\bnan\b|\binf\b|newly initialized|not used when|LOAD REPORT|deprecated|mismatch|assert"
)
_FRAME = re.compile(r'^\s*(?:\[?\w{0,12}\]?:?\s*)?File "[^"]{1,400}", line \d+')


def focus(text: str) -> str:
    """The text, or for more than LIMIT characters the telling parts of it, in order."""
    if len(text) <= LIMIT:
        return text
    lines = text.split("\n")
    telling = [number for number, line in enumerate(lines) if _telling(line)]
    keep = _ends(lines)
    budget = LIMIT - sum(len(lines[number]) + 1 for number in keep)
    for number in _first_and_last(_distinct(telling, lines)):
        window = [
            n for n in range(max(0, number - _BEFORE), min(len(lines), number + _AFTER + 1)) if n not in keep
        ]
        cost = sum(len(lines[n]) + 1 for n in window)
        if cost > budget:
            break
        keep.update(window)
        budget -= cost
    return "\n".join(_gaps(sorted(keep), lines))


def _telling(line: str) -> bool:
    return bool(_TELLING.search(line) or ("File " in line and _FRAME.match(line)))


def _ends(lines: list[str]) -> set[int]:
    keep: set[int] = set()
    for numbers, limit in ((range(len(lines)), _HEAD), (range(len(lines) - 1, -1, -1), _TAIL)):
        used = 0
        for number in numbers:
            used += len(lines[number]) + 1
            if used > limit:
                break
            keep.add(number)
    return keep


def _distinct(numbers: list[int], lines: list[str]) -> list[int]:
    """Leaves out lines that only repeat an earlier one but for their digits."""
    seen: Counter[str] = Counter()
    kept = []
    for number in numbers:
        key = re.sub(r"\d+", "0", lines[number][:200])
        seen[key] += 1
        if seen[key] <= 3:
            kept.append(number)
    return kept


def _first_and_last(numbers: list[int]) -> list[int]:
    """The same numbers, alternating between the end and the beginning."""
    order: list[int] = []
    first, last = 0, len(numbers) - 1
    while first <= last:
        order.append(numbers[last])
        if first < last:
            order.append(numbers[first])
        first, last = first + 1, last - 1
    return order


def _gaps(numbers: list[int], lines: list[str]) -> list[str]:
    result: list[str] = []
    previous = -1
    for number in numbers:
        if number != previous + 1:
            result.append("")
        result.append(lines[number])
        previous = number
    return result
