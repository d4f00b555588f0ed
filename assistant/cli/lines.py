"""Reads JSONL files: one object a line, in order, with the line's number."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from assistant.errors import UserError


def json_lines(file: Path) -> Iterator[tuple[int, dict[str, Any] | str]]:
    """The number of each line that is not empty, with its object, or with why it is none.

    Raises UserError where the file cannot be read. Only line feeds end a line: a text in JSON may
    hold other separators.
    """
    try:
        data = file.read_bytes()
    except OSError as error:
        raise UserError(f"cannot read {file}: {error.strerror or error}.") from None
    for number, line in enumerate(data.removeprefix(b"\xef\xbb\xbf").split(b"\n"), 1):
        if line.strip():
            yield number, _object(line)


def _object(line: bytes) -> dict[str, Any] | str:
    try:
        found = json.loads(line.decode("utf-8", errors="replace"))
    except ValueError as error:
        return f"not JSON: {error}"
    except RecursionError:
        return "not JSON that can be read: nested too deeply"
    return found if isinstance(found, dict) else "not a JSON object"
