"""Finds exceptions and their frames in every form in which tracebacks are pasted: plain, chained,
`rich`, IPython, with log prefixes and ranks, interleaved, in groups, or cut off at either end.

A small state machine per rank reads line by line; no pattern is searched over more than one line.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from assistant.reading.frames import frame_line, frame_of
from assistant.reading.messages import message_from, own_part
from assistant.reading.model import ExceptionInfo, Frame
from assistant.reading.prefixes import Prefixes

_NAME = (
    r"(?:[A-Za-z_]\w{0,60}\.){0,8}(?:[A-Z]\w{0,60}?(?:Error|Exception|Warning|Interrupt|Exit|Iteration|Timeout|Failure|Refused|NotFound|Abort|ExceptionGroup)"
    r"|Exception|ExceptionGroup|(?<=\.)(?:Empty|Fail|ModuleNotFound|error))"
)
_EXCEPTION = re.compile(
    rf"\s{{0,40}}(?:E\s{{2,20}})?(?P<type>{_NAME})(?:\s?\([^)]{{0,80}}\))?(?::(?:\s+|$)(?P<message>.*)|\s*$)"
)
_BARE = re.compile(r"(?P<type>(?:[A-Za-z_]\w{0,60}\.){0,8}[A-Z]\w{2,60})(?::(?:\s(?P<message>.*)|$)|$)")
_WITHIN = re.compile(
    r"(?:^|(?<=[\s:：，,。(（「“\"'`>报是了出现]))(?P<type>(?:[a-z_]\w{0,40}\.){0,6}[A-Z]\w{1,60}(?:Error|Exception)): (?P<message>\S.*)"
)
_ARROW = re.compile(r"\s{0,40}(?:-{1,6}>|❱|>)\s{0,12}(?P<line>\d{1,9})(?:\s(?P<code>.*))?$")
_NUMBERED = re.compile(r"\s{0,12}\d{1,9}(?:\s|$)")
_CARETS = re.compile(r"\s{0,200}[~^]{1,200}[~^\s]*$")
_CHAIN = re.compile(
    r"\s{0,40}(?:During handling of the above exception|The above exception was the direct cause)"
)
_HEADER = "Traceback (most recent call last)"
_IPYTHON_HEAD = re.compile(r"[A-Z]\w{2,60}\s{4,}Traceback \(most recent call last\)")
_BOX = "│╭╰┃║"
_WRAPPERS = frozenset(
    [
        "KeyboardInterrupt",
        "SystemExit",
        "ChildFailedError",
        "CalledProcessError",
        "ProcessExitedException",
        "ProcessRaisedException",
        "BrokenPipeError",
        "GeneratorExit",
        "EOFError",
        "BackendCompilerFailed",
        "ExceptionGroup",
        "BaseExceptionGroup",
        "RemoteTraceback",
        "_RemoteTraceback",
        "RayTaskError",
    ]
)
_AFTERMATH = re.compile(
    r"ProcessGroup|NCCL|ncclRemoteError|Connection (?:reset|closed|refused)|Broken pipe|[Ww]atchdog|DistStoreError|SIGTERM|Engine core init|Engine process failed"
)


@dataclass(frozen=True, slots=True)
class Line:
    """A line without prefixes and boxes, the rank that printed it, and its place in the text."""

    text: str
    rank: int | None
    raw: str


def split_lines(text: str) -> list[Line]:
    """The lines of a text, each without what loggers and boxes put around it."""
    prefixes = Prefixes()
    lines: list[Line] = []
    for raw in text.split("\n"):
        line, rank = prefixes.split(raw)
        lines.append(Line(_unboxed(line), rank, raw))
    return lines


def is_exception_line(line: str) -> bool:
    return bool(_EXCEPTION.match(line[:400]))


def find_exceptions(lines: list[Line]) -> tuple[tuple[ExceptionInfo, ...], frozenset[int]]:
    """All exceptions that a text shows, in the order in which each of its ranks printed them, and
    the numbers of the lines that they take up."""
    streams: dict[int | None, list[int]] = {}
    for number, line in enumerate(lines):
        streams.setdefault(line.rank, []).append(number)
    found: list[ExceptionInfo] = []
    taken: set[int] = set()
    for rank, numbers in streams.items():
        spans: list[range] = []
        found += (replace(each, rank=rank) for each in _exceptions([lines[n].text for n in numbers], spans))
        taken.update(numbers[place] for span in spans for place in span)
    if not found:
        found += _said(lines)
    return tuple(found), frozenset(taken)


def main_exception(exceptions: tuple[ExceptionInfo, ...]) -> ExceptionInfo | None:
    """The exception that matters: the last one that is no mere wrapper or aftermath, of the rank
    that failed first, preferring errors over warnings and one with frames over a bare line."""
    errors = [each for each in exceptions if not each.name.endswith("Warning")] or list(exceptions)
    telling = [each for each in errors if each.name not in _WRAPPERS and each.type] or errors
    if len({each.rank for each in telling}) > 1:
        telling = [
            each for each in telling if not _AFTERMATH.search(f"{each.type} {each.message[:600]}")
        ] or telling
    if not telling:
        return None
    first_rank = next((each.rank for each in telling if each.frames), telling[0].rank)
    same = [each for each in telling if each.rank == first_rank]
    last = [each for each in same if each.frames][-1:] or same[-1:]
    # the same error raised again by a parent process: where it was raised first is what tells
    again = (each for each in same if each.frames and _same(each, last[0]) and each.user_frame)
    return next(again, last[0])


def _same(one: ExceptionInfo, other: ExceptionInfo) -> bool:
    return one.name == other.name and one.message[:200] == other.message[:200] and bool(one.message)


def _unboxed(line: str) -> str:
    """A line without the box that `rich` draws around it; its locals are left out."""
    stripped = line.strip()
    if not stripped or stripped[0] not in _BOX:
        return line
    if stripped[0] in "╭╰":
        return _HEADER if _HEADER in stripped else ""
    inner = stripped.strip("│┃║").rstrip()
    return "" if inner.lstrip()[:1] in ("│", "╭", "╰") else inner[1:] if inner.startswith(" ") else inner


def _exceptions(lines: list[str], spans: list[range]) -> Iterator[ExceptionInfo]:
    """The exceptions of one rank's lines; the lines that they take up are added to `spans`."""
    frames: list[Frame] = []
    inside = headed = False
    pending: ExceptionInfo | None = None
    index = 0
    while index < len(lines):
        line = lines[index]
        start, index = index, index + 1
        if not line or line.isspace():
            continue
        if _CHAIN.match(line):
            spans.append(range(start, index))
            if pending:
                pending = replace(pending, cause=True)
            continue
        if _HEADER in line:
            inside, frames, headed = True, [], True
            spans.append(range(start, index))
            continue
        frame, index = _frame_at(line, lines, index)
        if frame:
            inside = True
            frames.append(frame)
            spans.append(range(start, index))
            continue
        head = line[:4_200]
        match = _EXCEPTION.match(head) or (
            _BARE.match(head) if frames and inside and not line[:1].isspace() else None
        )
        if match:
            message, index = message_from((match["message"] or "").strip(), lines, index, starts_anew)
            spans.append(range(start, index))
            if pending:
                yield pending
            pending = ExceptionInfo(match["type"], message, tuple(frames))
            inside, frames, headed = False, [], False
    if frames and pending and not pending.frames and not headed:
        # the error's line stands above its frames
        yield replace(pending, frames=tuple(frames))
        return
    if pending:
        yield pending
    if frames:  # cut off before the exception's own line
        yield ExceptionInfo("", "", tuple(frames))


def _frame_at(line: str, lines: list[str], index: int) -> tuple[Frame | None, int]:
    """The frame that begins at a line, and where to go on. A path that `rich` broke is joined."""
    match = frame_line(line)
    if not match and (line[:1] in "/~" or line[1:3] == ":\\") and index < len(lines):
        below = lines[index].strip()
        joined = (f"{line.rstrip()}{between}{below}" for between in ("", " "))
        match = (
            next((found for found in map(frame_line, joined) if found), None) if len(below) < 300 else None
        )
        index += 1 if match else 0
    if not match:
        return None, index
    code, number, index = _code_below(lines, index)
    return frame_of(match, code, number), index


def _code_below(lines: list[str], index: int) -> tuple[str, int | None, int]:
    """The source line printed under a frame, its number if an arrow gives it, where to go on."""
    first = ""
    for offset in range(min(16, len(lines) - index)):
        line = lines[index + offset]
        arrow = _ARROW.match(line[:500])
        if arrow:
            code = (arrow["code"] or "").strip(" │")
            return code, int(arrow["line"]), _past_numbered(lines, index + offset + 1)
        if not line.strip():
            if offset == 0:
                continue
            break
        if starts_anew(line):
            break
        if _NUMBERED.match(line[:40]):
            continue
        if line[:1] not in " \t":
            break
        if not first:
            first = line.strip()
            end = index + offset + 1
            while end < len(lines) and _CARETS.match(lines[end][:400]) and lines[end].strip():
                end += 1
            return first, None, end
    return first, None, index


def _past_numbered(lines: list[str], index: int) -> int:
    """Past the numbered lines of code that IPython and rich show after the one that failed."""
    while index < len(lines) and _NUMBERED.match(lines[index][:40]) and not starts_anew(lines[index]):
        index += 1
    return index


def starts_anew(line: str) -> bool:
    """Whether a line begins something else than the message or code before it."""
    return bool(
        frame_line(line)
        or _HEADER in line
        or _CHAIN.match(line[:120])
        or (not line[:1].isspace() and _EXCEPTION.match(line[:400]))
    )


def _said(lines: list[Line]) -> Iterator[ExceptionInfo]:
    """An exception that the user's own sentence quotes."""
    for line in lines[:200]:
        match = _WITHIN.search(line.text[:2_000]) if ": " in line.text else None
        if match:
            yield ExceptionInfo(match["type"], own_part(match["message"])[0])
            return
