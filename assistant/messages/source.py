"""The lines of a check in the user's own installed copy, and what its constants hold."""

import ast
import re
import textwrap
from functools import lru_cache
from pathlib import Path

from assistant.messages.model import Match

_MOST_LINES, _AROUND, _WIDEST = 14, 5, 140
_LONGEST_VALUE, _LONGEST_STATEMENT = 240, 30


def check_source(match: Match) -> str:
    """The condition and the statement that says the message, dedented; the middle of a long stretch is
    left out. "" where the file cannot be read any more."""
    lines = _lines(match.folder / match.site.file)
    site = match.site
    if site.end > len(lines):
        return ""
    chosen = lines[site.first - 1 : site.end]
    if len(chosen) > _MOST_LINES:
        said = lines[site.line - 1 : site.end][: _MOST_LINES - _AROUND]
        head = lines[site.first - 1 : min(site.line - 1, site.first - 1 + _AROUND)]
        indent = said[0][: len(said[0]) - len(said[0].lstrip())]
        chosen = [*head, f"{indent}…", *said]
    return textwrap.dedent("\n".join(line[:_WIDEST].rstrip() for line in chosen)).strip("\n")


def constant(match: Match, name: str) -> str:
    """What a name of the module is set to, as source; "" where that is long or not plain data."""
    lines = _lines(match.folder / match.site.file)
    begins = re.compile(rf"{re.escape(name)}(?:\s*:[^=]+)?\s*=(?!=)")
    for number, line in enumerate(lines):
        if not begins.match(line):
            continue
        for end in range(number + 1, min(number + _LONGEST_STATEMENT, len(lines)) + 1):
            value = _value("\n".join(lines[number:end]))
            if value is not None:
                return value if len(value) <= _LONGEST_VALUE else ""
        return ""
    return ""


def _value(statement: str) -> str | None:
    """The right side of an assignment of plain data; None while the statement is not complete."""
    try:
        node = ast.parse(statement).body[0]
    except (SyntaxError, ValueError, IndexError):
        return None
    value = node.value if isinstance(node, (ast.Assign, ast.AnnAssign)) else None
    plain = isinstance(value, (ast.Constant, ast.List, ast.Tuple, ast.Set, ast.Dict))
    return ast.unparse(value) if value is not None and plain else ""


@lru_cache(maxsize=16)
def _lines(file: Path) -> list[str]:
    try:
        return file.read_text(encoding="utf-8", errors="replace").split("\n")
    except OSError:
        return []
