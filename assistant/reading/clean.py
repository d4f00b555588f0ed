"""Text as a terminal would show it: no colours, no overwritten progress bars, no control bytes.

All passes are linear: `str` methods and patterns whose parts exclude each other. Large texts stay
one string (splitting 5 MB into lines would cost more memory than the text); single lines are only
touched where something is to be done.
"""

import re

MAX_LINE = 4_000
_HALF = MAX_LINE // 2
_LOCALS = "─ locals ─"
_ANSI = re.compile(
    r"\x1b(?:\[[0-9;:?]{0,60}[ -/]{0,4}[@-~]|\][^\x07\x1b\n]{0,300}(?:\x07|\x1b\\)?|[@-Z\\-_])|\x9b[0-9;?]{0,60}[@-~]"
)
_BARE_COLOUR = re.compile(r"(?:\u241b|\^\[)?\[(?:\d{1,3};){0,8}\d{1,3}m")
_CONTROL = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x84\x86-\x9f\xad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\ufffe\uffff]"
)
_BAR = re.compile(r"\d{1,3}%\||\d{1,3}%[ ,]|\d/\d|[KMG]i?B/s|it/s|s/it")
_DIGITS = str.maketrans("", "", "0123456789")
_WORD_PART = re.compile(r"[A-Za-z0-9_.\-+/=]{0,2000}")


def clean(text: str | bytes) -> str:
    """The text with `\\n` line ends, without escape sequences, each line at most about MAX_LINE
    characters (the middle of a longer one is left out)."""
    if isinstance(text, bytes):
        text = text.decode("utf-8", errors="replace")
    if not text.isascii():
        # lone surrogates cannot be encoded later on
        text = text.encode("utf-8", errors="replace").decode("utf-8")
        for breaks in ("\x85", "\u2028", "\u2029"):
            text = text.replace(breaks, "\n")
    if "\x1b" in text or "\x9b" in text:
        text = _ANSI.sub("", text)
    if "[" in text:
        text = _BARE_COLOUR.sub("", text)
    if "\r" in text:
        text = _without_overwritten(re.sub(r"\r+\n", "\n", text) if "\r\n" in text else text)
    if _LOCALS in text:
        text = _without_locals(text)
    return _with_short_lines(text)


def clean_lines(text: str) -> str:
    """The last pass, for a text that is small: no control characters, no spaces at line ends."""
    return "\n".join(line.rstrip() for line in _CONTROL.sub("", text).split("\n"))


def _without_overwritten(text: str) -> str:
    """The text with each line that has carriage returns as it looks in the end."""
    parts: list[str] = []
    done = 0
    at = text.find("\r")
    while at >= 0:
        start = text.rfind("\n", done, at) + 1 or done
        end = text.find("\n", at)
        end = len(text) if end < 0 else end
        parts.append(text[done:start])
        parts.append(_overwritten(text[start:end]))
        done = end
        at = text.find("\r", end)
    return "".join([*parts, text[done:]])


def _overwritten(line: str) -> str:
    """A line with carriage returns: of progress shown over and over the last state stays, and all
    that is no progress."""
    kept: list[str] = []
    shape = ""
    for part in line.split("\r"):
        if not part or part.isspace():
            continue
        if _BAR.search(part[:300]):
            now = part[:24].translate(_DIGITS)
            if kept and now == shape:
                kept[-1] = part
                continue
            shape = now
        else:
            shape = ""
        kept.append(part)
    return "\n".join(kept)


def _without_locals(text: str) -> str:
    """The text without the boxes of local variables that `rich` draws in a traceback: they hide the
    frames among hundreds of lines, and hold what the user did not mean to show."""
    parts: list[str] = []
    done = 0
    at = text.find(_LOCALS)
    while at >= 0:
        end = text.find("╰", at)
        if end < 0:
            break
        parts.append(text[done : text.rfind("\n", done, at) + 1 or at])
        done = text.find("\n", end) + 1 or len(text)
        at = text.find(_LOCALS, done)
    return "".join([*parts, text[done:]])


def _with_short_lines(text: str) -> str:
    """The text with the middle of each too long line left out."""
    parts: list[str] = []
    done = start = 0
    while len(text) - start > MAX_LINE:
        end = text.rfind("\n", start, start + MAX_LINE + 1)
        if end >= 0:
            start = end + 1
            continue
        end = text.find("\n", start)
        end = len(text) if end < 0 else end
        parts += (
            text[done:start],
            _shortened(text[start : start + _HALF], text[max(start, end - _HALF) : end]),
        )
        done = start = end
        if end < len(text):
            start = end + 1
    return "".join([*parts, text[done:]]) if parts else text


def _shortened(head: str, tail: str) -> str:
    """Both ends of a long line, cut between words: half a token could no longer be known as one."""
    cut = _WORD_PART.match(head[::-1])
    head = head[: len(head) - (cut.end() if cut else 0)]
    cut = _WORD_PART.match(tail)
    return f"{head} … {tail[cut.end() if cut else 0 :]}"
