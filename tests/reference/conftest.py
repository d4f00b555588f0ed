"""The reference of the installed libraries, made once and kept between runs."""

import fcntl
import os
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest

from assistant.case import build_case
from assistant.reading import read
from assistant.reference import ApiAnswer, Reference, answer_api, prepare, reference


@pytest.fixture(scope="session")
def made() -> Path:
    """A cache folder whose reference is there."""
    folder = Path(tempfile.gettempdir()) / f"tracedoc-tests-{os.getuid()}"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "reference.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert prepare(folder)
    return folder


@pytest.fixture(scope="session")
def known(made: Path) -> Reference:
    return reference(made)


@pytest.fixture(scope="session")
def ask(made: Path) -> Callable[..., ApiAnswer | None]:
    """Answers the last of some messages."""

    def asked(*turns: str, lang: str = "auto") -> ApiAnswer | None:
        return answer_api(build_case([read(turn) for turn in turns], lang), cache=made)

    return asked
