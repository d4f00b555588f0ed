"""Finds exceptions and their frames in every form in which tracebacks are pasted: plain, chained,
`rich`, IPython, with log prefixes and ranks, interleaved, or cut off at either end.

A small state machine per rank reads line by line; no pattern is searched over more than one line.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace

from assistant.reading.model import ExceptionInfo, Frame

_PREFIX = re.compile(
    r"^\s*(?:\[(?:default)?\s*rank\s?(\d+)\]\s?:?|(?:\(\w[\w -]* pid=\d+[^)]*\))|\[(\d+)\]:|(\d{1,2}):(?= )"
    r"|\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d\S*\s(?:[|-]\s)?(?:\[?(?:ERROR|WARNING|INFO|CRITICAL)\]?\s*[-|:]?\s*)?"
    r"|(?:ERROR|stderr):[\w.]*:?|E(?=\s{3})|>\s|\|\s)",
    re.IGNORECASE,
)
FRAME_LINE = re.compile(
    r"""^\s*(?:│\s*)?(?:
        File\s"(?P<file>[^"\n]{1,400})",\sline\s(?P<line>\d+)(?:,\sin\s(?P<function>[^\n]{1,200}))?
      | File\s(?P<ifile>[^\s:][^\n:]{0,400}(?:\:\\[^\n:]*)?):(?P<iline>\d+)(?:,\sin\s(?P<ifunction>[^\n]{1,200}))?
      | (?:Cell\s)?In\s?\[(?P<cell>\d+)\],\sline\s(?P<cline>\d+)
      | \[?(?P<pfile><ipython-input-[^>\n]{1,80}>|[~/][^\s\]]{1,300}\.py)\]?(?:\([^)\s]{0,300}\))?\sin\s(?P<pfunction><?\w[\w.<>]{0,80}>?)
      | (?P<rfile>/[^\s:│]{1,300}\.py):(?P<rline>\d+)\sin\s(?P<rfunction><?\w[\w.<>]{0,80}>?)
    )""",
    re.VERBOSE,
)
_EXCEPTION = re.compile(
    r"^\s*(?:│\s*)?(?:E\s{2,})?(?P<type>(?:[A-Za-z_][\w]*\.){0,8}[A-Z]\w{0,60}?"
    r"(?:Error|Exception|Warning|Interrupt|Exit|StopIteration|Timeout|Failure|Refused|NotFound|Abort|Oom))"
    r"(?:\s*\([^)]{0,80}\))?(?::(?:\s+|$)(?P<message>.*)|\s*$)"
)
_BARE = re.compile(r"^(?P<type>(?:[A-Za-z_]\w*\.){0,8}[A-Z]\w{2,60})(?:: (?P<message>.*))?$")
_IPYTHON_HEAD = re.compile(r"^(?P<type>[A-Z]\w{2,60})\s{6,}Traceback \(most recent call last\)")
_ARROW = re.compile(r"^\s*(?:│\s*)?(?:-+>|❱)\s*(?P<line>\d+)\s?(?P<code>.*?)(?:\s*│)?$")
_CHAIN = re.compile(
    r"^\s*(?:During handling of the above exception|The above exception was the direct cause)"
)
_END = re.compile(
    r"^\s*(?:$|Traceback \(most|During handling|The above exception|╭|╰|-{10,}|={10,}|\d{1,3}%\||\[\d{4}-|wandb:|INFO\b|WARNING\b|ERROR\b)"
)
_PACKAGE = re.compile(r"(?:site-packages|dist-packages)[/\\](?:\.\.\.)?([A-Za-z_]\w*)")
_STDLIB = re.compile(
    r"[/\\]lib(?:64)?[/\\]python3(?:\.\d+)?[/\\](?!site-|dist-)|^<frozen |[/\\]Lib[/\\](?!site-)"
)
_SOURCE_TREE = re.compile(
    r"(?:^|[/\\])(transformers|torch|peft|accelerate|bitsandbytes|trl|datasets|tokenizers|huggingface_hub|deepspeed"
    r"|flash_attn|xformers|vllm|diffusers|sentence_transformers|gradio|unsloth|llamafactory|axolotl|auto_gptq|optimum|triton)[/\\]"
)
_WRAPPERS = {
    *("KeyboardInterrupt", "SystemExit", "ChildFailedError", "CalledProcessError", "ProcessExitedException"),
    *("ProcessRaisedException", "BrokenPipeError", "GeneratorExit", "EOFError", "BackendCompilerFailed"),
}
_MESSAGE_LINES, _MESSAGE_LIMIT = 40, 3_000


def without_prefix(line: str) -> str:
    """A line without what loggers and launchers put before it."""
    return _stripped(line)[0]


def is_exception_line(line: str) -> bool:
    return bool(_EXCEPTION.match(line[:400]))


def find_exceptions(text: str) -> tuple[ExceptionInfo, ...]:
    """All exceptions that a text shows, in the order in which each of its ranks printed them."""
    found: list[ExceptionInfo] = []
    for rank, lines in _by_rank(text.split("\n")).items():
        found += (replace(each, rank=rank) for each in _exceptions(lines))
    return tuple(found)


def main_exception(exceptions: tuple[ExceptionInfo, ...]) -> ExceptionInfo | None:
    """The exception that matters: the last one that is no mere wrapper, of the rank that failed
    first, preferring errors over warnings and one with frames over a bare line."""
    errors = [each for each in exceptions if not each.name.endswith("Warning")] or list(exceptions)
    telling = [each for each in errors if each.name not in _WRAPPERS] or errors
    if not telling:
        return None
    first_rank = next((each.rank for each in telling if each.frames), telling[0].rank)
    same = [each for each in telling if each.rank == first_rank]
    framed = [each for each in same if each.frames] or same
    return framed[-1]


def _by_rank(lines: Iterable[str]) -> dict[int | None, list[str]]:
    streams: dict[int | None, list[str]] = {}
    for line in lines:
        text, rank = _stripped(line)
        streams.setdefault(rank, []).append(text)
    return streams


def _stripped(line: str) -> tuple[str, int | None]:
    rank: int | None = None
    for _ in range(2):
        match = _PREFIX.match(line[:200])
        if not match or match.end() == 0:
            break
        number = match[1] or match[2] or match[3]
        if number is not None:
            rank = int(number[:6])
        line = line[match.end() :].removeprefix(" ") if number else line[match.end() :]
    return line, rank


def _exceptions(lines: list[str]) -> Iterator[ExceptionInfo]:
    frames: list[Frame] = []
    inside = False
    pending: ExceptionInfo | None = None
    index = 0
    while index < len(lines):
        line = lines[index]
        index += 1
        if _CHAIN.match(line):
            if pending:
                pending = replace(pending, cause=True)
            continue
        if "Traceback (most recent call last)" in line:
            inside, frames = True, []
            continue
        frame = FRAME_LINE.match(line)
        if frame:
            inside = True
            code, index = _code_below(lines, index)
            frames.append(_frame(frame, code))
            continue
        match = _EXCEPTION.match(line) or (_BARE.match(line) if frames and inside else None)
        if match:
            message, index = _message(match["message"] or "", lines, index)
            if pending:
                yield pending
            pending = ExceptionInfo(match["type"], message, tuple(frames))
            inside, frames = False, []
    if pending:
        yield pending
    if frames:  # cut off before the exception's own line
        yield ExceptionInfo("", "", tuple(frames))


def _code_below(lines: list[str], index: int) -> tuple[str, int]:
    """The source line printed under a frame, and where to go on reading."""
    for offset in range(min(12, len(lines) - index)):
        line = lines[index + offset]
        arrow = _ARROW.match(line)
        if arrow:
            return arrow["code"].strip(), index + offset + 1
        if not line.strip() or FRAME_LINE.match(line) or _EXCEPTION.match(line):
            break
        if offset == 0 and line[:1] in " \t" and not re.match(r"^\s*(?:│\s*)?\d+\s", line):
            return line.strip().strip("│ "), index + 1
    return "", index


def _frame(match: re.Match[str], code: str) -> Frame:
    group = match.groupdict()
    file = group["file"] or group["ifile"] or group["pfile"] or group["rfile"] or f"cell {group['cell']}"
    line = group["line"] or group["iline"] or group["cline"] or group["rline"]
    function = group["function"] or group["ifunction"] or group["pfunction"] or group["rfunction"] or ""
    return Frame(file, int(line[:9]) if line else None, function.strip(" │"), code[:300], _library(file))


def _library(file: str) -> str:
    if "transformers_modules" in file:
        return "remote code"
    package = _PACKAGE.search(file)
    if package:
        return package[1]
    if _STDLIB.search(file):
        return "python"
    tree = _SOURCE_TREE.search(file)
    return tree[1] if tree else ""


def _message(first: str, lines: list[str], index: int) -> tuple[str, int]:
    parts = [first.rstrip(" │")]
    size = len(first)
    while index < len(lines) and len(parts) < _MESSAGE_LINES and size < _MESSAGE_LIMIT:
        line = lines[index]
        if _END.match(line) or FRAME_LINE.match(line) or _EXCEPTION.match(line):
            break
        parts.append(line.rstrip(" │"))
        size += len(line)
        index += 1
    return "\n".join(parts).strip()[:_MESSAGE_LIMIT], index
