"""Files of cases as sources of conversations: one JSON object a line with `input`, or `turns`."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from assistant.errors import UserError

OURS = ("appendix", "failures", "threads-gen", "threads-mem", "threads-peft", "threads-tok")
"""Of tests/cases: those that may be learnt from. The others only measure."""


@dataclass(frozen=True, slots=True)
class Case:
    """One case: the user's messages of a conversation, and its topic where the file says it ("")."""

    id: str
    turns: tuple[str, ...]
    topic: str


def our_files() -> list[Path]:
    """The files of our own cases, where there is a checkout."""
    folder = Path(__file__).parents[1] / "tests" / "cases"
    return [file for name in OURS if (file := folder / f"{name}.jsonl").is_file()]


def read_cases(file: Path) -> Iterator[Case]:
    """The cases of a file. Raises UserError with the line."""
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"The file of cases {file} cannot be read: {error}.") from error
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            found = json.loads(line)
            turns = tuple(map(str, found.get("turns") or [found["input"]]))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise UserError(
                f'{file}, line {number}: a case is a JSON object with "input" or "turns".'
            ) from error
        yield Case(str(found.get("id") or f"{file.stem}-{number}"), turns, str(found.get("topic") or ""))
