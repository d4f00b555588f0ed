"""Jobs and replies in short."""

import threading

from assistant.generation.model import Finished, Generator, Job, Message, Sampling
from tests.generation.remote.tiny_chat import SYSTEM


def job(*contents: str, tokens: int = 160, **fields: object) -> Job:
    """A job whose messages are our rules and what the user says."""
    messages = (Message("system", SYSTEM), *(Message("user", content) for content in contents))
    return Job(messages, Sampling(max_new_tokens=tokens), **fields)  # type: ignore[arg-type]


def reply(generator: Generator, asked: Job, cancelled: threading.Event | None = None) -> tuple[str, Finished]:
    """All of a reply, and how it ended."""
    *texts, finished = generator.stream(asked, cancelled or threading.Event())
    assert isinstance(finished, Finished)
    assert all(isinstance(text, str) and text for text in texts)
    return "".join(texts), finished  # type: ignore[arg-type]
