"""A reply's text as it streams in → what is shown of it. Each step holds back no more than it must."""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence

_CONTROL = dict.fromkeys([*range(0x20), *range(0x7F, 0xA0), 0xFFFE, 0xFFFF])
for _kept in "\n\t":
    del _CONTROL[ord(_kept)]
_OPEN, _CLOSE = "<think>", "</think>"
_REPEATED = 16
"""Characters that two texts must share to be the same by more than chance."""


def cleaned(texts: Iterable[str]) -> Iterator[str]:
    """Without control characters; a character whose two halves come apart is joined, half a one replaced."""
    held = ""
    for text in texts:
        text = held + text
        held = text[-1:] if "\ud800" <= text[-1:] <= "\udbff" else ""
        whole = text[: len(text) - len(held)].translate(_CONTROL)
        if whole:
            yield whole if whole.isascii() else _joined(whole)
    if held:
        yield "\ufffd"


def _joined(text: str) -> str:
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def without_thoughts(texts: Iterable[str]) -> Iterator[str]:
    """Without what a model thinks before its reply, where a server leaves `<think>…</think>` in it."""
    held, state = "", "start"
    for text in texts:
        held += text
        if state == "start":
            begin = held.lstrip()
            if not begin or (len(begin) < len(_OPEN) and _OPEN.startswith(begin)):
                continue
            state = "thought" if begin.startswith(_OPEN) else "reply"
        if state == "thought":
            _, closed, rest = held.partition(_CLOSE)
            held = rest if closed else held[-len(_CLOSE) :]
            state = "after" if closed else state
        if state == "after" and held.lstrip():
            held, state = held.lstrip(), "reply"
        if state == "reply":
            yield held
            held = ""
    if held and state == "start":
        yield held


def without_overlap(texts: Iterable[str], begun: str, asked: Callable[[], bool]) -> Iterator[str]:
    """A continuation of `begun` without what it repeats of it: all of it from its start, or, where the
    model was `asked` to go on in a new message, its end."""
    if not begun:
        yield from texts
        return
    held, source = "", iter(texts)
    for text in source:
        held += text
        start = held.lstrip()
        if len(start) > len(begun) or (len(start) >= _REPEATED and start[:_REPEATED] not in begun):
            break
    rest = _new(begun, held, asked())
    if rest:
        yield rest
    yield from source


def _new(begun: str, text: str, asked: bool) -> str:
    start = text.lstrip()
    if begun.startswith(start[:_REPEATED]) and len(start) >= _REPEATED:
        if start.startswith(begun):
            return start[len(begun) :]
        if begun.startswith(start):
            return ""
    if not asked:
        return text
    for length in range(min(len(begun), len(start)), _REPEATED - 1, -1):
        if begun.endswith(start[:length]):
            return start[length:]
    if re.search(r"[\w.,;:!?)`]$", begun, re.ASCII) and re.match(r"[\w`(]", start, re.ASCII):
        return f" {start}"
    return start if begun[-1:].isspace() else text


def until_stop(texts: Iterable[str], stops: Sequence[str]) -> Iterator[str]:
    """The text before the first of the `stops`; what may be the beginning of one is held back."""
    stops = [stop for stop in stops if stop]
    held = ""
    for text in texts:
        held += text
        found = [at for at in (held.find(stop) for stop in stops) if at >= 0]
        if found:
            if min(found):
                yield held[: min(found)]
            return
        keep = max((_begins(held, stop) for stop in stops), default=0)
        ready = held[: len(held) - keep]
        if ready:
            yield ready
        held = held[len(held) - keep :]
    if held:
        yield held


def _begins(text: str, stop: str) -> int:
    """How many characters at the end of a text are the beginning of a stop string."""
    for length in range(min(len(stop) - 1, len(text)), 0, -1):
        if text.endswith(stop[:length]):
            return length
    return 0
