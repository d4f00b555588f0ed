"""Indexes that the tests look messages up in: of peft and two small libraries, scanned for real."""

from pathlib import Path

import pytest

from assistant.messages.scan import versions
from assistant.messages.store import Index, build, opened


@pytest.fixture(scope="session")
def small_index(tmp_path_factory: pytest.TempPathFactory) -> Index:
    file = Path(tmp_path_factory.mktemp("messages") / "messages" / "small.sqlite")
    build(file, versions(("peft", "tokenizers", "huggingface_hub")))
    return opened(file)
