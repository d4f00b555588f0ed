import pytest

from tests.generation.remote.serving import Serving, served


@pytest.fixture(scope="session")
def serving() -> Serving:
    """A real OpenAI-compatible server."""
    return served()
