"""Lays a template on a message: where its literal texts stand, and what fills the holes between them.

Plain searches from left to right decide it, in time linear in the message; no pattern is compiled.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from assistant.messages.model import Hole, Template

Extent = Literal["whole", "start", "inside", "cut", "amid"]
"""The message is the text; begins with it; has it somewhere; is the text's beginning; or has it in the
middle of a sentence."""
_LONGEST_TAIL, _LEAST_SHARE = 80, 0.3
_SHORTEST_CUT = 24


@dataclass(frozen=True, slots=True)
class Fit:
    """`share` is the part (0 to 1) of the literal text that was found, `cover` the part of the message
    that is literal text; `holes` are what stands in the holes, in order."""

    extent: Extent
    share: float
    cover: float
    holes: tuple[str, ...]


def fit(parts: Sequence[str | None], text: str) -> Fit | None:
    """How a template's literals (`words.literals`) fit a plain message (`words.plain`); None where they
    do not."""
    total = sum(len(part) for part in parts if part)
    if not total or not text:
        return None
    holes: list[str] = []
    extent: Extent = "whole"
    at = matched = 0
    is_open = False
    for number, part in enumerate(parts):
        if part is None:
            is_open = True
            continue
        if number == len(parts) - 1 and is_open and text.endswith(part) and len(text) - len(part) >= at:
            found = len(text) - len(part)
        elif is_open or number == 0:
            found = text.find(part, at)
        else:
            found = -1
        if found < 0:
            rest = _cut(part, text, at, is_open) if matched or number == 0 else None
            if rest is None or matched + rest < _SHORTEST_CUT:
                return None
            matched += rest
            if rest == 0 and matched < _LEAST_SHARE * total:
                return None
            return Fit("cut", matched / total, matched / len(text), tuple(holes))
        if is_open:
            holes.append(text[at:found].strip())
        elif found > 0:
            extent = "inside" if _begins(text, found) else "amid"
        at = found + len(part)
        matched += len(part)
        is_open = False
    if is_open:
        holes.append(text[at:].strip())
    elif at < len(text):
        if text[at].isalnum():
            return None
        extent = "start" if extent == "whole" else extent
    return Fit(extent, 1.0, matched / len(text), tuple(holes))


def values(template: Template, holes: Sequence[str]) -> dict[str, str]:
    """What fills the holes by name; neighbouring holes share a value, which is left out then."""
    names: list[str] = []
    run: list[str] = []
    for part in (*template, ""):
        if isinstance(part, Hole):
            run.append(part.name)
        elif part.strip() or part == "":
            names += [run[0] if len(run) == 1 else ""] if run else []
            run = []
    return {name: value for name, value in zip(names, holes, strict=False) if name and value}


def _begins(text: str, at: int) -> bool:
    """Whether a message within other text begins here: after a mark that ends what stands before it."""
    before = text[:at].rstrip()
    return not before or before[-1] in ".:!?]|)>-'\"("


def _cut(part: str, text: str, at: int, is_open: bool) -> int | None:
    """How many characters of a literal stand at the message's end, where the message breaks off; None
    where it does not break off here."""
    end = text.rstrip(". …")
    if at == 0 and not is_open:
        return len(end) if len(end) >= _SHORTEST_CUT and part.startswith(end) else None
    for length in range(min(len(part), len(end) - at), 5, -1):
        if end.endswith(part[:length]):
            return length
    return 0 if len(end) - at <= _LONGEST_TAIL else None
