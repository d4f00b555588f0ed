"""Which words a pattern cannot match without, so that most patterns need not be searched at all.

`required("CUDA (?:error|fault): (?P<what>.+)")` is ("cuda ",) – or, for an alternation, one text for each
branch, of which one must occur. They are kept with the parsed corpus: a cold process then compiles only
the few patterns that can match.
"""

import re

# RE2's syntax, as far as entries use it, is a part of what the parser of `re` reads
import re._constants as op  # type: ignore[import-not-found]
import re._parser as parser  # type: ignore[import-not-found]
from collections.abc import Iterable
from typing import Any

_SHORTEST = 2
_MOST = 40


def required(pattern: str) -> tuple[str, ...] | None:
    """Lower-case texts of which at least one occurs in the lower-cased text wherever the pattern
    matches; None where nothing can be said (then the pattern must always be searched)."""
    try:
        tree = parser.parse(pattern)
    except (re.error, OverflowError, RecursionError):
        return None
    found = _of_sequence(tree)
    return tuple(sorted(found)) if found else None


def _of_sequence(items: Iterable[Any]) -> frozenset[str] | None:
    """The best requirement among the parts of a sequence: the one whose shortest text is longest."""
    options: list[frozenset[str]] = []
    run = ""
    for code, value in items:
        if code is op.LITERAL:
            run += chr(value)
            continue
        if code is op.AT:  # a position, which takes no text
            continue
        if run:
            options.append(frozenset([run]))
            run = ""
        inner = _of_item(code, value)
        if inner:
            options.append(inner)
    if run:
        options.append(frozenset([run]))
    usable = [_lowered(option) for option in options if min(map(len, option)) >= _SHORTEST]
    return max(usable, key=lambda option: (min(map(len, option)), -len(option)), default=None)


def _of_item(code: Any, value: Any) -> frozenset[str] | None:
    if code is op.SUBPATTERN:
        return _of_sequence(value[3])
    if code is op.BRANCH:
        branches = [_of_sequence(branch) for branch in value[1]]
        if any(branch is None for branch in branches):
            return None
        together = frozenset(text for branch in branches if branch for text in branch)
        return together if len(together) <= _MOST else None
    if code in (op.MAX_REPEAT, op.MIN_REPEAT, op.POSSESSIVE_REPEAT) and value[0] >= 1:
        return _of_sequence(value[2])
    return None


def _lowered(texts: frozenset[str]) -> frozenset[str]:
    return frozenset(text.lower() for text in texts)
