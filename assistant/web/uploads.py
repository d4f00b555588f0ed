"""Reads the files that people attach: logs, scripts, configs, notebooks."""

import json
from pathlib import Path
from typing import Any

from assistant.errors import UserError
from assistant.limits import MAX_INPUT, checked_size

SUFFIXES = (
    ".log",
    ".txt",
    ".out",
    ".err",
    ".py",
    ".json",
    ".jsonl",
    ".yaml",
    ".yml",
    ".toml",
    ".cfg",
    ".ini",
    ".md",
    ".sh",
    ".ipynb",
)


def read_upload(file: Path) -> str:
    """The text of an attached file; of a notebook its code and outputs.

    Raises UserError for a file of another kind, a binary one, or one that is too large.
    """
    if file.suffix.lower() not in SUFFIXES:
        raise UserError(f"{file.name} is not a kind of file that I read: attach {', '.join(SUFFIXES)}.")
    try:
        with file.open("rb") as stream:
            data = checked_size(stream.read(MAX_INPUT + 1), file.name)
    except OSError as error:
        raise UserError(f"cannot read {file.name}: {error.strerror}.") from None
    if b"\0" in data[:4_096]:
        raise UserError(f"{file.name} is binary: attach the text of the log or script.")
    text = data.decode("utf-8", errors="replace")
    return notebook_text(text) if file.suffix.lower() == ".ipynb" else text


def notebook_text(text: str) -> str:
    """The code cells and their outputs (tracebacks included) of a notebook. Raises UserError."""
    try:
        notebook = json.loads(text)
        cells = notebook["cells"]
        return "\n\n".join(part for cell in cells for part in _cell(cell))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise UserError("the notebook cannot be read: it is not JSON with `cells`.") from None


def _cell(cell: dict[str, Any]) -> list[str]:
    if cell.get("cell_type") != "code":
        return []
    parts = [_text(cell.get("source", ""))]
    for output in cell.get("outputs", ()):
        if output.get("output_type") == "error":
            parts.append("\n".join(output.get("traceback", ())))
        else:
            parts.append(_text(output.get("text", "") or output.get("data", {}).get("text/plain", "")))
    return [part for part in parts if part.strip()]


def _text(lines: str | list[str]) -> str:
    return lines if isinstance(lines, str) else "".join(lines)
