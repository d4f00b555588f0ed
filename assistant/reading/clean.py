"""Text as a terminal would show it: no colours, no overwritten progress bars, no control bytes."""

import re

MAX_LINE = 4_000
_ANSI = re.compile(
    r"\x1b(?:\[[0-9;:?]*[ -/]*[@-~]|\][^\x07\x1b\n]*(?:\x07|\x1b\\)?|[@-Z\\-_])|\x9b[0-9;?]*[@-~]"
)
_BARE_COLOUR = re.compile(r"\[(?:\d{1,3};)*\d{1,3}m")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff]")
_BAR = re.compile(r"\d{1,3}%\|")


def clean(text: str | bytes) -> str:
    """The text with `\\n` line ends, without escape sequences and control characters, each line
    at most MAX_LINE characters (the middle of a longer one is left out)."""
    if isinstance(text, bytes):
        text = text.decode("utf-8", errors="replace")
    if "\x1b" in text or "\x9b" in text:
        text = _ANSI.sub("", text)
    text = _BARE_COLOUR.sub("", text).replace("\r\n", "\n")
    # lone surrogates cannot be encoded later on
    text = text.encode("utf-8", errors="replace").decode("utf-8")
    return "\n".join(_line(line) for line in text.split("\n"))


def _line(line: str) -> str:
    if "\r" in line:
        line = _overwritten(line)
    if len(line) > MAX_LINE:
        half = MAX_LINE // 2
        line = f"{line[:half]} … {line[-half:]}"
    return _CONTROL.sub("", line).rstrip()


def _overwritten(line: str) -> str:
    """A line with carriage returns: progress bars give way to what follows them, text stays."""
    parts = [part for part in line.split("\r") if part.strip()]
    kept = [part for part in parts if not _BAR.search(part[:200])]
    bars = [part for part in parts if _BAR.search(part[:200])]
    return "\n".join([*kept[:200], *bars[-1:]])
