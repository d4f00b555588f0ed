"""Sorts the lines of a paste: the user's own words, settings and code, log events, tracebacks."""

import re
from dataclasses import dataclass

from assistant.reading.model import LogEvent
from assistant.reading.tracebacks import FRAME_LINE, is_exception_line, without_prefix

_EVENT = re.compile(
    r"(?:\b\w*Warning: )|\b(?:WARNING|WARN|ERROR|FATAL|CRITICAL)\b|\[[EWF] |^(?:[\w./-]+: )?(?:error|warning|fatal)\b"
    r"|^(?:Killed|Segmentation fault|Aborted|Bus error)|core dumped"
    r"|^(?:Some weights of|You should probably TRAIN|- This IS|The attention mask|Setting `|A decoder-only|Special tokens have)",
)
_ERROR_LEVEL = re.compile(
    r"\b(?:ERROR|FATAL|CRITICAL)\b|\[[EF] |[Ee]rror:|Killed|fault|Aborted|Bus error|core dumped"
)
_LOG = re.compile(
    r"^\s*(?:\[?\d{4}[-/]\d\d[-/]\d\d|\d\d:\d\d:\d\d|\[\w+ .{0,40}\.(?:cpp|cc|cu|h):\d+\]|\[(?:INFO|DEBUG|NOTICE)|INFO\b|DEBUG\b"
    r"|\[\w{1,20}\]|.{0,80}\d{1,3}%\||(?:Loading|Downloading|Fetching|Map|Tokenizing|Collecting|Using cached|Requirement)\b.{0,60}[:(]"
    r"|Epoch \d|Step \d|\{'loss'|[+|][-=+|]{3}|.*\|.*\|.*\|)"
)
_SETTING = re.compile(
    r"""^\s*(?:[-#]\s+)?["']?[A-Za-z_][\w.\-]{1,60}["']?\s*(?:=(?!=)|:)\s*\S.{0,200}$|^\s*(?:export\s+\w+=|--?[a-z][\w-]+)"""
)
_FLAGS = re.compile(r"(?:^|\s)--[A-Za-z][\w-]+(?:[= ]\S+)?")
_CODE = re.compile(
    r"^\s*(?:from [\w.]+ import |import [\w.]+|def \w+\(|class \w+|@\w+|with .+:$|for .+ in .+:$|if .+:$|elif |else:|try:|except\b|return\b"
    r"|>>> |\.\.\. |\w[\w.\[\]'\"]*\s*=\s*\S|\w[\w.]*\(.*|[)\]}]+,?$|[\w\"']+\s*:\s*[\w\"'.\[{-]+,?$|['\"{\[(].*|!?pip3? |!?python3? |\$ |%|#)"
)
_TRACE_CODE = re.compile(r"^\s*(?:-+>\s*)?\d+\s|^\s*\^+|^\s*[~^]{2,}|^[│╭╰┃|]")
_CJK = re.compile(r"[\u3400-\u9fff]")
_WORDY = re.compile(r"[A-Za-z']+")


@dataclass(frozen=True, slots=True)
class SortedLines:
    """The lines of a paste by what they are."""

    prose: tuple[str, ...]
    config: tuple[str, ...]
    events: tuple[LogEvent, ...]
    log_lines: int
    trace_lines: int


def sort_lines(text: str) -> SortedLines:
    prose: list[str] = []
    config: list[str] = []
    events: list[LogEvent] = []
    logs = trace = 0
    in_trace = False
    after_frame = False
    for raw in text.split("\n"):
        line = without_prefix(raw)
        stripped = line.strip()
        if not stripped:
            in_trace = after_frame = False
            continue
        if "Traceback (most recent call last)" in line or FRAME_LINE.match(line):
            in_trace, after_frame, trace = True, True, trace + 1
            continue
        if after_frame and raw[:1] in " \t│" and not _CJK.search(stripped[:200]):
            after_frame, trace = False, trace + 1
            continue
        if is_exception_line(line):
            trace, in_trace, after_frame = trace + 1, True, False
            if "Warning" in line[:60]:
                events.append(LogEvent("warning", stripped[:500]))
            continue
        if _TRACE_CODE.match(line) and (in_trace or not _is_prose(stripped)):
            trace += 1
            continue
        if _EVENT.search(line[:400]) and not _is_prose(stripped):
            level = "error" if _ERROR_LEVEL.search(line[:400]) else "warning"
            events.append(LogEvent(level, stripped[:500]))
            logs += 1
        elif _LOG.match(line[:400]):
            logs += 1
        elif _is_prose(stripped):
            prose.append(stripped)
            if _FLAGS.search(stripped):
                config.append(stripped)
        elif _SETTING.match(line[:300]) or _FLAGS.search(line) or _CODE.match(line[:300]):
            config.append(stripped)
        elif not in_trace:
            prose.append(stripped)
    return SortedLines(tuple(prose), tuple(config), tuple(events), logs, trace)


def _is_prose(line: str) -> bool:
    """Whether a line reads as somebody's words rather than as code or output."""
    head = line[:600]
    if len(_CJK.findall(head)) >= 3 and not head.startswith(("#", '"', "'", "{")):
        return True
    words = _WORDY.findall(head)
    if len(words) < 3:
        return False
    if _CODE.match(head) and not re.match(
        r"^(?:if|for|with|return|import|from|class|else|try|except)\b[^=():]*$", head
    ):
        return False
    if re.search(r"[{}]|[=(]\S|\);?$|\w=\w|::|->", head) and len(words) < 8:
        return False
    plain = sum(
        len(word) for word in words if word.islower() or word.istitle() or word in ("I", "GPU", "OOM")
    )
    return plain / len(head) > 0.5 and head.count(" ") >= 2
