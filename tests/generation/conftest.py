"""The embedded model, converted once and kept between runs."""

import hashlib
import os
import tempfile
from pathlib import Path

import pytest

from assistant.generation import convert, embedded, gemma, gguf_file, merging, stored, vocabulary


@pytest.fixture(scope="session")
def lm_cache() -> Path:
    """A cache folder with the model in 4 bits, made anew when the code that converts changes. Workers wait
    for the first."""
    digest = hashlib.sha256(embedded.source().id.encode())
    for module in (convert, embedded, gemma, gguf_file, merging, stored, vocabulary):
        digest.update(Path(module.__file__).read_bytes())
    folder = Path(tempfile.gettempdir()) / f"tracedoc-tests-{os.getuid()}" / f"lm-{digest.hexdigest()[:16]}"
    stored.ensure(folder)
    return folder
