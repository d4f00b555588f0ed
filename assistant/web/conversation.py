"""The chat's function: the conversation so far → the answer's parts, one after the other.

The server keeps no conversation: what the browser sends is all of it, so that retry, undo, edit and
a second tab need no care.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from assistant.answering import Answer
from assistant.errors import UserError
from assistant.pipeline import Options
from assistant.service import Service
from assistant.web.uploads import read_upload

KEPT_TURNS = 12
"""Earlier messages that an answer takes into account."""


def turns_of(message: Mapping[str, Any] | str, history: Sequence[Mapping[str, Any]]) -> list[str]:
    """The user's messages, oldest first, each with the text of its files. Raises UserError where
    the new message's files cannot be read; unreadable old ones are passed over."""
    turns = []
    parts: list[str] = []
    for item in history:
        if item.get("role") != "user":
            if parts:
                turns.append("\n\n".join(parts))
                parts = []
            continue
        parts += _history_texts(item.get("content"))
    if parts:
        turns.append("\n\n".join(parts))
    return [*turns[-KEPT_TURNS:], _message_text(message)]


def answer_parts(service: Service, turns: Sequence[str], lang: str) -> Iterator[tuple[str, Answer]]:
    """The answer as it grows, with the whole of it beside."""
    answer = service.answer(turns, Options(lang=lang))
    shown = ""
    for part in answer.parts:
        shown = f"{shown}\n\n{part.markdown}" if shown else part.markdown
        yield shown, answer


def _message_text(message: Mapping[str, Any] | str) -> str:
    if isinstance(message, str):
        return message
    texts = [str(message.get("text") or "")]
    texts += [read_upload(Path(str(file))) for file in message.get("files") or ()]
    return "\n\n".join(text for text in texts if text)


def _history_texts(content: Any) -> list[str]:
    blocks = content if isinstance(content, list | tuple) else [content]
    texts = []
    for block in blocks:
        if isinstance(block, str):
            texts.append(block)
        elif isinstance(block, Mapping) and block.get("type") == "text":
            texts.append(str(block.get("text", "")))
        elif isinstance(block, Mapping):
            file = block.get("path") or (block.get("file") or {}).get("path")
            try:
                texts.append(read_upload(Path(str(file))) if file else "")
            except UserError:
                continue
    return [text for text in texts if text]
