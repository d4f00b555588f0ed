"""A language model's reply as messages of the chat: its place in the queue, the checked text word by
word, the tools that it used, and what became of it.
"""

from collections.abc import Iterator
from typing import Any

from assistant.generation.fault_words import fault_in
from assistant.generation.reply import Reply
from assistant.generation.words import words
from assistant.tools import Step
from assistant.web.citations import linked
from assistant.web.conversation import Message
from assistant.web.reveal import Reveal


def reply_messages(replies: "Iterator[Reply]", number: int) -> "Iterator[tuple[list[Message], Reply]]":
    """The messages that show a reply, each time that something of it is new; `number` is the answer's in
    the chat, whose sources the reply cites."""
    reveal = Reveal()
    last = None
    for last in replies:
        if last.finished is None:
            yield _messages(last, reveal.advance(last.markdown), number, done=False), last
    if last is None or last.finished is None:
        return
    if not last.folded:
        for text in reveal.rest(last.markdown):
            yield _messages(last, text, number, done=text == last.markdown), last
    else:
        yield _messages(last, last.markdown, number, done=True), last


def _messages(reply: Reply, text: str, number: int, *, done: bool) -> list[Message]:
    said = words(reply.lang)
    shown: list[Message] = [_step(step) for step in reply.steps]
    body = linked(text, {each.n for each in reply.evidence}, number)
    if not done:
        line = said["writing"].format(model=reply.model)
        if reply.waiting:
            seconds = max(1, round(reply.waiting_seconds))
            line = said["waiting"].format(position=reply.waiting, seconds=seconds)
        return [
            *shown,
            _message("\n\n".join(part for part in (f"**{said['reply']}**", body, f"*{line}*") if part)),
        ]
    notes = [*reply.notes, *_ending(reply), _figures(reply)]
    below = "\n\n".join(f"*{note}*" for note in notes)
    if reply.folded:
        content = "\n\n".join(part for part in (reply.folded, body, below) if part)
        return [*shown, _message(content, title=said["folded_title"])]
    return [*shown, _message(f"**{said['reply']}**\n\n{body}\n\n{below}")]


def _ending(reply: Reply) -> list[str]:
    said, ended = words(reply.lang), reply.finished
    if ended is None or ended.stopped == "end":
        return []
    reason = fault_in(ended.error or "", reply.lang).rstrip(".。")
    return [said[f"stopped_{ended.stopped}"].format(reason=reason)]


def _figures(reply: Reply) -> str:
    ended = reply.finished
    name = f"{reply.model} + {reply.adapter}" if reply.adapter else reply.model
    return words(reply.lang)["wrote"].format(
        model=name,
        tokens=ended.new_tokens if ended else 0,
        speed=f"{ended.tokens_per_s:.0f}" if ended else "0",
        grounded=round(100 * reply.grounded),
    )


def _message(text: str, title: str = "") -> Message:
    message: dict[str, Any] = {"role": "assistant", "content": [{"type": "text", "text": text}]}
    if title:
        message["metadata"] = {"title": title, "status": "done"}
    return message


def _step(step: Step) -> Message:
    message = _message(step.short, title=step.title)
    message["metadata"]["status"] = "pending" if step.status == "running" else "done"
    if step.status != "running":
        message["metadata"]["duration"] = round(step.seconds, 2)
    return message
