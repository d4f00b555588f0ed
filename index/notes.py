"""The user's own notes: Markdown or text files that are indexed beside the corpus."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

from corpus.files import write_atomic
from corpus.passages import Passage, estimate, split_text
from index.errors import IndexFault
from index.tokens import language

SUFFIXES = (".md", ".txt")
LARGEST = 2**20
"""Bytes of one note."""


def add(folder_of_notes: Path, path: Path) -> tuple[str, ...]:
    """Copies a note, or the notes right in a folder, to the folder of notes; returns their names.

    A note of the same name is replaced. Raises IndexFault for what is no UTF-8 .md or .txt file of
    at most 1 MB, or cannot be read or written; then nothing of it was copied.
    """
    files = (
        sorted(file for file in path.iterdir() if file.suffix.lower() in SUFFIXES)
        if path.is_dir()
        else [path]
    )
    if not files:
        raise IndexFault(f"{path} holds no .md or .txt file.")
    contents = {file.name: _checked(file) for file in files}
    try:
        folder_of_notes.mkdir(parents=True, exist_ok=True)
        for name, data in contents.items():
            write_atomic(folder_of_notes / name, data)
    except OSError as error:
        raise IndexFault(
            f"Notes cannot be written to {folder_of_notes} ({error.strerror or error}): "
            "set TRACEDOC_DATA to a folder that can be."
        ) from error
    return tuple(contents)


def _checked(file: Path) -> bytes:
    if file.suffix.lower() not in SUFFIXES:
        raise IndexFault(f"{file} is no .md or .txt file.")
    try:
        if file.stat().st_size > LARGEST:
            raise IndexFault(f"{file} is larger than 1 MB: split it.")
        data = file.read_bytes()
        data.decode("utf-8")
    except OSError as error:
        raise IndexFault(f"{file} cannot be read ({error.strerror or error}).") from error
    except UnicodeDecodeError:
        raise IndexFault(f"{file} is not UTF-8 text: save it as UTF-8.") from None
    return data


def stamp(folder: Path | None) -> str:
    """A hash of the notes' names, sizes and times; empty where there are none."""
    digest, found = hashlib.sha256(), False
    for file in _files(folder):
        stat = file.stat()
        digest.update(f"{file.name}\0{stat.st_size}\0{stat.st_mtime_ns}\n".encode())
        found = True
    return digest.hexdigest() if found else ""


def passages(folder: Path | None) -> tuple[Passage, ...]:
    """The passages of all notes: entry `note:<name>`, no topic, id `note:<name>#<heading>.<lang>`.

    A note that cannot be read is passed over: one bad file must not stop the index.
    """
    return tuple(passage for file in _files(folder) for passage in _of_note(file))


def _of_note(file: Path) -> Iterator[Passage]:
    try:
        text = _checked(file).decode("utf-8-sig")
    except IndexFault:
        return
    number = 0
    for heading, body in _sections(text, file.stem):
        lang = language(body)
        for piece in split_text(body, max(200 - estimate(heading), 40)):
            number += 1
            yield Passage(
                id=f"note:{file.name}#{number}.{lang}",
                entry=f"note:{file.name}",
                point="",
                topic="",
                section="",
                lang=lang,
                heading=heading,
                text=piece,
                indexed=f"{heading}\n{piece}",
                source=str(file),
            )


def _sections(text: str, title: str) -> Iterator[tuple[str, str]]:
    heading, lines, fenced = title, list[str](), False
    for line in text.splitlines():
        if line.lstrip().startswith(("```", "~~~")):
            fenced = not fenced
        if line.startswith("#") and not fenced and line.lstrip("#").startswith(" "):
            if any(each.strip() for each in lines):
                yield heading, "\n".join(lines)
            heading, lines = line.lstrip("#").strip()[:200] or title, []
        else:
            lines.append(line)
    if any(each.strip() for each in lines):
        yield heading, "\n".join(lines)


def _files(folder: Path | None) -> list[Path]:
    if folder is None or not folder.is_dir():
        return []
    return sorted(file for file in folder.iterdir() if file.suffix.lower() in SUFFIXES and file.is_file())
