"""Files written beside and renamed; a full disk is said in one sentence, and leaves nothing half-written."""

import errno
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from assistant.errors import UserError

_FULL = (errno.ENOSPC, errno.EDQUOT)


@contextmanager
def said_in_a_sentence(target: Path) -> Iterator[None]:
    """Turns what a disk can refuse into a UserError (code 3)."""
    try:
        yield
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno else str(error)
        advice = (
            "free some space and run the same command again"
            if error.errno in _FULL
            else "choose another folder"
        )
        raise UserError(f"{target} cannot be written ({reason}): {advice}.", 3) from error


def replace_text(file: Path, text: str) -> None:
    """Writes a file atomically, and its folder if there is none. Raises UserError (code 3)."""
    replace_bytes(file, text.encode("utf-8"))


def replace_bytes(file: Path, data: bytes) -> None:
    """As replace_text, for bytes."""
    beside = file.with_name(f".{file.name}.{os.getpid()}")
    with said_in_a_sentence(file):
        file.parent.mkdir(parents=True, exist_ok=True)
        try:
            beside.write_bytes(data)
            beside.replace(file)
        except BaseException:
            beside.unlink(missing_ok=True)
            raise


def write_json(file: Path, value: Any) -> None:
    """Writes readable JSON atomically. Raises UserError (code 3)."""
    replace_text(file, json.dumps(value, ensure_ascii=False, indent=2) + "\n")
