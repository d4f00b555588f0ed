"""Reads the files that people attach: logs, scripts, configs, notebooks."""

import json
from pathlib import Path
from typing import Any

from assistant.limits import MAX_INPUT

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


class UploadFault(Exception):
    """A file that cannot be used. `reason` is a key of texts.toml, `name` the file's name."""

    def __init__(self, reason: str, name: str) -> None:
        super().__init__(f"{reason}: {name}")
        self.reason = reason
        self.name = name

    def sentence(self, template: str) -> str:
        """The fault in the words of one language. The name is the user's text: it is shown as code."""
        name = f"`{self.name.replace('`', '').strip() or '?'}`"
        return template.format(name=name, limit=MAX_INPUT >> 20, kinds=" ".join(SUFFIXES))


def read_upload(file: Path) -> str:
    """The text of an attached file; of a notebook its code and outputs.

    Raises UploadFault for a file of another kind, a binary one, or one that is too large.
    """
    suffix = file.suffix.lower()
    if suffix not in SUFFIXES:
        raise UploadFault("upload_kind", file.name)
    try:
        with file.open("rb") as stream:
            data = stream.read(MAX_INPUT + 1)
    except OSError:
        raise UploadFault("upload_unreadable", file.name) from None
    if len(data) > MAX_INPUT:
        raise UploadFault("upload_large", file.name)
    text = _decoded(data, file.name)
    return notebook_text(text, file.name) if suffix == ".ipynb" else text


def notebook_text(text: str, name: str) -> str:
    """The code cells and their outputs (tracebacks included) of a notebook. Raises UploadFault."""
    try:
        cells = json.loads(text)["cells"]
        return "\n\n".join(part for cell in cells for part in _cell(cell))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise UploadFault("upload_notebook", name) from None


def _decoded(data: bytes, name: str) -> str:
    """PowerShell writes `> train.log` as UTF-16; what has NUL bytes beyond that is binary."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", errors="replace")
    if b"\0" in data[:65_536]:
        raise UploadFault("upload_binary", name)
    return data.decode("utf-8-sig", errors="replace")


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
