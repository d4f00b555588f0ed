"""What loggers, launchers and test runners put before a line, and the rank that they name.

Known prefixes are taken off by pattern; an unknown one is learnt from the line that begins a
traceback: what stands before "Traceback" there stands before the following lines too.
"""

import re

_PREFIX = re.compile(
    r"\s{0,4}(?:"
    r"\[(?:default)?\s?(?:rank)?\s?(?P<a>\d{1,4})\]\s?:\s?"
    r"|\[\s?rank\s?(?P<b>\d{1,4})\]\s?:?\s?"
    r"|(?P<c>\d{1,3}):\s"
    r"|\[\d{1,3},(?P<d>\d{1,4})\]<std(?:err|out)>:\s?"
    r"|\(\w[\w .-]{0,60}\spid=(?P<pid>\d{1,9})[^)\n]{0,80}\)\s?"
    r"|[\w.-]{1,60}\s{1,20}\|\s(?=\s{0,8}(?:Traceback|File|\w{1,60}Error))"
    r"|[\w.-]{1,40}-(?P<e>\d{1,3}):\s"
    r"|(?:\[?\d{4}[-/]\d\d[-/]\d\d[T ]\d\d:\d\d:\d\d[\d.,:+Z-]{0,20}\]?|\d\d/\d\d/\d{4} \d\d:\d\d:\d\d|\[?\d\d:\d\d:\d\d[.,\d]{0,8}\]?)(?:\s(?:stdout|stderr)\s[FP])?\s?(?:[|-]\s)?"
    r"(?:\[?(?:ERROR|WARNING|WARN|INFO|CRITICAL|DEBUG)\]?\s{0,8}[-|:]?\s?)?(?:\[?[\w.]{1,60}:(?:\w{1,60}:)?\d{1,6}\]?\s?(?:[-|>]{1,2}\s)?)?"
    r"|(?:\[(?:stderr|stdout|ERROR)\]|stderr|ERROR)\s?:?\s?(?=\s{0,8}(?:Traceback|File))"
    r"|E(?=\s{3})|>\s|\|\s(?=\s{0,8}(?:File|Traceback|\w{1,60}Error))"
    r")",
    re.IGNORECASE,
)
_GROUP = re.compile(r"\s{1,60}[|+](?:\s|(?=$|[-+]))")
_IPYTHON = re.compile(r"[A-Z]\w{2,60}\s{4,}$")
_DIGITS = re.compile(r"\d")
_HEADER = "Traceback (most recent call last)"


class Prefixes:
    """Takes prefixes off lines, one after the other; remembers what it learnt on the way."""

    def __init__(self) -> None:
        self._learnt: list[str] = []

    def split(self, line: str) -> tuple[str, int | None]:
        """The line without its prefixes, and the rank (or process) that they name."""
        self._learn(line)
        for shape in self._learnt:
            if _shape(line[: len(shape)]) == shape:
                return line[len(shape) :], _known(line[: len(shape)])[1]
        line, rank = _known(line)
        group = _GROUP.match(line)
        return (line[group.end() :] if group else line), rank

    def _learn(self, line: str) -> None:
        at = line.find(_HEADER)
        if not 0 < at <= 160 or len(self._learnt) >= 8:
            return
        before = line[:at]
        if before.isspace() or set(before) & set("╭─│") or before.rstrip().endswith(("Group", "Original")):
            return
        shape = _shape(before)
        if not _IPYTHON.match(before) and shape not in self._learnt:
            self._learnt.append(shape)


def _known(line: str) -> tuple[str, int | None]:
    """A line without the prefixes that are known by pattern, and the first rank among them."""
    rank: int | None = None
    for _ in range(3):
        match = _PREFIX.match(line) if line[:1] != "\t" else None
        if not match or match.end() == 0:
            break
        number = next((value for value in match.groups() if value), None)
        if number is not None and rank is None:
            rank = int(number)
        line = line[match.end() :]
    return line, rank


def _shape(text: str) -> str:
    return _DIGITS.sub("0", text)
