"""The catalogue of the installed libraries, made once and kept between runs."""

import fcntl
import os
import tempfile
from pathlib import Path

import pytest

from assistant.tools.api import prepare
from assistant.tools.model import Context
from tests.sample import engine


@pytest.fixture(scope="session")
def catalogue() -> Path:
    """A cache folder whose catalogue is there."""
    folder = Path(tempfile.gettempdir()) / f"tracedoc-tests-{os.getuid()}"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "api.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert prepare(
            folder, ["Call `prepare_model_for_kbit_training` and use DataCollatorWithPadding, not my_model."]
        )
    return folder


@pytest.fixture
def context(catalogue: Path) -> Context:
    return Context(engine(), cache=catalogue)
