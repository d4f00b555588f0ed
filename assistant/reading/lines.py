"""Sorts the lines of a paste: the user's own words, settings and code, log events, output."""

import re
from collections.abc import Set
from dataclasses import dataclass

from assistant.reading.messages import own_part
from assistant.reading.model import LogEvent
from assistant.reading.prose import CJK, is_printed, is_prose
from assistant.reading.tracebacks import Line, is_exception_line

_LIBRARY_SAYS = re.compile(
    r"\s{0,8}(?:\[transformers\] |Some (?:weights|parameters) of|Some parameters are on|You should probably TRAIN|You are using (?:a model|the default)|- This IS|The attention mask|Setting `"
    r"|A decoder-only|Special tokens have|Token indices sequence length|This is a friendly reminder|The installed version of|The current PyTorch install|A module that was compiled"
    r"|size mismatch for |- (?:UNEXPECTED|MISSING|MISMATCH)\b|Missing key\(s\)|Unexpected key\(s\)|NVIDIA \w.{3,60} with CUDA capability|ncclInvalid|nccl\w{3,20}Error|Last error:"
    r"|The following (?:generation flags|columns)|Both `max_new|Using the `?\w+`? ?(?:fast|slow)|Truncation was not|Asking to (?:pad|truncate)|Parameter indices which|Could not load library|CUDA SETUP"
    r"|Input length of input_ids|The new embeddings will|Passing `)"
)
_EVENT = re.compile(
    r"\b\w{0,40}Warning: |\b(?:WARNING|WARN|ERROR|FATAL|CRITICAL)\b|\[[EWF](?:\d{4})? |(?:^|: )(?:error|warning|fatal|ERROR): "
    r"|^\s{0,8}(?:Killed|Segmentation fault|Aborted|Bus error)|core dumped|Killed$|Killed process|Out of memory: |Assertion `|^error\b"
)
_ERROR_LEVEL = re.compile(
    r"\b(?:ERROR|FATAL|CRITICAL)\b|\[[EF](?:\d{4})? |[Ee]rror:|Killed|fault|Aborted|Bus error|core dumped|Assertion `|nccl\w{1,20}(?:Error|Usage)|mismatch for"
)
_LOG = re.compile(
    r"\s{0,20}(?:\[?\d{4}[-/]\d\d[-/]\d\d|\d\d:\d\d:\d\d|\[\w{1,10} .{0,40}\.(?:cpp|cc|cu|h):\d+\]|\[(?:INFO|DEBUG|NOTICE)|INFO\b|DEBUG\b|\*{3,} ?\w|wandb: |\[\d{1,8}\.\d{1,6}\]"
    r"|\[\w{1,20}\] |.{0,80}\d{1,3}%\||(?:Loading|Downloading|Fetching|Map|Tokenizing|Collecting|Using cached|Requirement)\b.{0,60}[:(]|(?:CPU times|Wall time|Num \w+|Batch size|trainable params): ?"
    r"|\w+, NCCL version|Epoch \d|Step \d|Instantaneous batch|Total (?:train batch|optimization)|Gradient Accumulation steps|\{'(?:loss|eval_\w{1,20}|train_\w{1,20})'|[+|┌├└┃╒╞╘][-=+|─═┬┼┴]{2}|[│|].*[│|]|.*\|.*\|.*\||.* \| (?:UNEXPECTED|MISSING|MISMATCH|Status)\b|-{6,}|={6,}|<(?:bos|s|\|\w))"
)
_SETTING = re.compile(
    r"""\s{0,40}(?:(?:[-#]\s+)?["']?[A-Za-z_][\w.\-]{1,60}["']?\s{0,8}(?:=(?!=)|:)\s{0,8}\S.{0,200}$|export\s+\w+=|[A-Z_]{3,60}=\S|--?[a-z][\w-]+)"""
)
_FLAGS = re.compile(r"(?:^|\s)--[A-Za-z][\w-]+(?:[= ]\S+)?")
_CODE = re.compile(
    r"\s{0,60}(?:from [\w.]+ import |import [\w.]+|def \w+\(|class \w+|@\w+|with .+:$|for .+ in .+:$|if .+:$|elif |else:|try:|except\b|return\b"
    r"|>>> |\.\.\. |\w[\w.\[\]'\"]*\s*=\s*\S|\w[\w.]*\(.*|[)\]}]+,?$|[\w\"']+\s*:\s*[\w\"'.\[{-]*,?$|['\"{\[(].*|!?pip3? |!?python3? |\$ |%|#|- \S+$)"
)
_CARETS = re.compile(r"\d{1,3} frames$|\s{0,200}[~^]{2,}[~^\s]*$|\s{0,200}\^\s*$")
_WARN_CODE = re.compile(r"\s{1,20}warnings?\.warn\(|\s{1,20}return (?:func|fn|f)\(\*args|\s{1,20}warn_")


@dataclass(frozen=True, slots=True)
class SortedLines:
    """The lines of a paste by what they are; `stated` are all that are no traceback."""

    prose: tuple[str, ...]
    config: tuple[str, ...]
    events: tuple[LogEvent, ...]
    stated: tuple[str, ...]
    log_lines: int
    trace_lines: int


def sort_lines(lines: list[Line], taken: Set[int]) -> SortedLines:
    """Sorts lines; those `taken` by number belong to a traceback."""
    prose: list[str] = []
    config: list[str] = []
    events: list[LogEvent] = []
    stated: list[str] = []
    logs = 0
    for number, line in enumerate(lines):
        text = line.text[:2_000]
        stripped = text.strip()
        if number in taken:
            own = own_part(stripped)[1] if CJK.search(stripped) else ""
            if own:
                prose.append(own)
                stated.append(own)
            if is_exception_line(text):
                stated.append(stripped)
                if "Warning" in text[:60]:
                    events.append(LogEvent("warning", stripped[:500]))
            continue
        if not stripped or _CARETS.match(text[:400]):
            continue
        stated.append(stripped)
        own_words = is_prose(stripped)
        chinese = own_words and len(CJK.findall(stripped[:300])) >= 3
        if not chinese and (_LIBRARY_SAYS.match(text) or _is_event(text, own_words) or is_printed(stripped)):
            level = "error" if _ERROR_LEVEL.search(stripped[:400]) else "warning"
            events.append(LogEvent(level, stripped[:500]))
            logs += 1
        elif stripped.startswith("# ") and is_prose(stripped[2:]) and "Warning" not in stripped:
            prose.append(stripped[2:])
        elif _LOG.match(line.raw[:400]) and not (own_words and not _LOG.match(text[:400])) and not chinese:
            logs += 1
        elif _WARN_CODE.match(text):
            continue
        elif own_words and not (_SETTING.match(text[:300]) and _is_setting(stripped)):
            prose.append(stripped)
            if _FLAGS.search(stripped):
                config.append(stripped)
        elif _SETTING.match(text[:300]) or _FLAGS.search(text) or _CODE.match(text[:300]):
            config.append(stripped)
        else:
            prose.append(stripped)
    return SortedLines(tuple(prose), tuple(config), tuple(events), tuple(stated), logs, len(taken))


def _is_event(text: str, own_words: bool) -> bool:
    head = text[:400]
    found = _EVENT.search(head)
    if not found:
        return False
    # `# UserWarning: …` in code is a comment, "it says ERROR …" in a sentence is the user's
    return not head.lstrip().startswith("#") and not (own_words and found.start() > 60 and ".py:" not in head)


def _is_setting(line: str) -> bool:
    """Whether `key: value` is a setting although its value has words."""
    key, _, value = line.partition(":") if ":" in line[:60] else line.partition("=")
    return " " not in key.strip() and len(value.split()) <= 3 and not CJK.search(key)
