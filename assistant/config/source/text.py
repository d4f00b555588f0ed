"""A text whose places can be named by offset or by line and column."""

import re
from bisect import bisect_right
from dataclasses import dataclass
from functools import cached_property

_BREAK = re.compile(r"\r\n?|\n")


@dataclass(frozen=True, slots=True)
class Span:
    """A piece of a text: character offsets, the end not included."""

    start: int
    end: int


@dataclass(frozen=True)
class Text:
    """The characters of one file, or of what stands in for one (a notebook's code)."""

    content: str

    @cached_property
    def starts(self) -> tuple[int, ...]:
        """Offset of each line's first character."""
        return (0, *(match.end() for match in _BREAK.finditer(self.content)))

    def line(self, offset: int) -> int:
        """Number of the line (from 1) that holds this offset."""
        return bisect_right(self.starts, offset)

    def offset(self, line: int, column: int) -> int:
        """Offset of a place given by line (from 1) and column in characters (from 0)."""
        line = min(max(line, 1), len(self.starts))
        return min(self.starts[line - 1] + column, len(self.content))

    def offset_of_bytes(self, line: int, column: int) -> int:
        """The same for a column in bytes of UTF-8, as `ast` counts them."""
        text = self.line_text(line)
        if text.isascii():
            return self.offset(line, column)
        return self.offset(
            line, len(text.encode("utf-8", "surrogatepass")[:column].decode("utf-8", "ignore"))
        )

    def line_text(self, line: int) -> str:
        """One line with its line break; "" beyond the end."""
        if not 1 <= line <= len(self.starts):
            return ""
        end = self.starts[line] if line < len(self.starts) else len(self.content)
        return self.content[self.starts[line - 1] : end]

    def of(self, span: Span) -> str:
        """What stands in a span."""
        return self.content[span.start : span.end]
