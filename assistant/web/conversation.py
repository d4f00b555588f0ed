"""The conversation as the browser sends it, and as the pipeline wants it.

The server keeps no conversation: what the browser sends is all of it, so that retry, undo, edit and
a second tab need no care.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from assistant.answering import Answer
from assistant.limits import MAX_INPUT
from assistant.pipeline import Options
from assistant.reading import read
from assistant.service import Service
from assistant.web.citations import linked
from assistant.web.uploads import UploadFault, read_upload
from assistant.web.verbatim import shown, typed

KEPT_TURNS = 12
"""Earlier messages that an answer takes into account."""

Message = dict[str, Any]
"""A message of the chat: `role`, and `content`, a list of blocks or one of them."""


def user_message(message: Mapping[str, Any] | str) -> Message | None:
    """What was typed and attached, as a message of the chat; None if that is nothing."""
    if isinstance(message, str):
        message = {"text": message}
    content: list[Any] = [{"path": path} for file in message.get("files") or () if (path := _path(file))]
    text = str(message.get("text") or "")
    if text.strip():
        content.append({"type": "text", "text": shown(text)})
    return {"role": "user", "content": content} if content else None


def without_answer(history: Sequence[Message]) -> list[Message]:
    """The conversation up to and including the user's last message."""
    last = max((n for n, item in enumerate(history) if item.get("role") == "user"), default=-1)
    return list(history[: last + 1])


def as_typed(message: Message) -> dict[str, Any]:
    """A message of the chat as the text box holds it."""
    texts = [typed(block) for block in _blocks(message) if isinstance(block, str)]
    files = [str(block) for block in _blocks(message) if isinstance(block, Path)]
    return {"text": "\n\n".join(texts), "files": files}


def turns_of(history: Sequence[Message]) -> list[str]:
    """The user's messages, oldest first, each with the text of its files; the last is to be answered.

    Raises UploadFault where the last message's files cannot be read; earlier ones are passed over.
    """
    asked = [item for item in history if item.get("role") == "user"]
    if not asked:
        return []
    earlier = [_text(item, strict=False) for item in asked[-KEPT_TURNS - 1 : -1]]
    last = _text(asked[-1], strict=True)
    if len(last.encode(errors="replace")) > MAX_INPUT:
        raise UploadFault("paste_large", "")
    return [*(text for text in earlier if text.strip()), last]


def answer_options(chosen: str, turns: Sequence[str], browser: str) -> Options:
    """How to answer. A paste without a word of the user's own says nothing of their language: then
    the browser's counts."""
    if chosen == "auto" and browser == "zh" and turns and not any(_says_a_language(turn) for turn in turns):
        return Options(lang="zh")
    return Options(lang=chosen if chosen in ("en", "zh") else "auto")


def answer_parts(
    service: Service, turns: Sequence[str], options: Options, number: int
) -> Iterator[tuple[str, Answer]]:
    """The answer as it grows, with the whole of it beside. `number` is the answer's in the chat."""
    answer = service.answer(turns, options)
    text = ""
    for part in answer.parts:
        text = f"{text}\n\n{part.markdown}" if text else part.markdown
        yield linked(text, {citation.n for citation in answer.citations}, number), answer


def _says_a_language(turn: str) -> bool:
    reading = read(turn)
    return reading.lang == "zh" or reading.kind == "question" or len(reading.prose.split()) >= 3


def _text(message: Message, *, strict: bool) -> str:
    texts = []
    for block in _blocks(message):
        try:
            texts.append(typed(block) if isinstance(block, str) else read_upload(_uploaded(block)))
        except UploadFault:
            if strict:
                raise
    return "\n\n".join(text for text in texts if text)


def _uploaded(file: Path) -> Path:
    """The path, if it is of an upload: a client could name any file of the server. Raises UploadFault."""
    from gradio.utils import get_upload_folder

    if not file.resolve().is_relative_to(Path(get_upload_folder()).resolve()):
        raise UploadFault("upload_unreadable", file.name)
    return file


def _blocks(message: Message) -> Iterator[str | Path]:
    content = message.get("content")
    for block in content if isinstance(content, list | tuple) else [content]:
        if isinstance(block, str):
            yield block
        elif isinstance(block, Mapping) and block.get("type") == "text":
            yield str(block.get("text", ""))
        elif isinstance(block, Mapping) and (path := _path(block)):
            yield Path(path)


def _path(file: Any) -> str:
    if isinstance(file, Mapping):
        inner = file.get("file")
        file = file.get("path") or (inner.get("path") if isinstance(inner, Mapping) else "")
    return str(file or "")
