"""Runs one call that a model asks for: checked, bounded, and its result framed as data."""

import json
import queue
import re
import threading
import time
import traceback
from collections.abc import Mapping

from pydantic import ValidationError

from assistant.errors import UserError
from assistant.generation.marks import spaced_out
from assistant.generation.model import ToolCall
from assistant.tools.model import Context, Found, Tool, ToolResult
from assistant.tools.table import TOOLS
from assistant.tools.words import words

SECONDS = 10.0
CHARACTERS = 4_000
"""Of a result that the model sees."""
_GRACE, _POLL_SECONDS = 1.0, 0.05
_END = re.compile(r"</?result>", re.IGNORECASE)


def run_call(
    call: ToolCall,
    context: Context,
    cancelled: threading.Event | None = None,
    tools: Mapping[str, Tool] = TOOLS,
    seconds: float = SECONDS,
) -> ToolResult:
    """Runs a call. Never raises for what a model sends or a tool does: that is a sentence for the model."""
    said = words(context.lang)
    tool = tools.get(call.name)
    if tool is None:
        text = said["model_unknown"].format(name=call.name[:60] or "“”", names=", ".join(tools))
        return ToolResult(call.name[:60], text, said["refused"], ok=False)
    try:
        arguments = json.loads(call.arguments or "{}")
    except (ValueError, RecursionError):
        arguments = None
    if not isinstance(arguments, dict):
        fields = ", ".join(tool.parameters.model_fields)
        text = said["model_bad_json"].format(name=tool.name, names=fields)
        return ToolResult(tool.name, text, said["refused"], ok=False)
    try:
        checked = tool.parameters.model_validate(arguments)
    except ValidationError as error:
        text = said["model_bad_arguments"].format(name=tool.name, problem=_problem(error))
        return ToolResult(tool.name, text, said["refused"], ok=False)
    started = time.monotonic()
    found = _within(seconds, tool, checked, context, cancelled or threading.Event())
    if found is None:
        text = said["model_too_slow"].format(name=tool.name)
        short = said["too_slow"].format(seconds=seconds)
        return ToolResult(tool.name, text, short, ok=False, seconds=time.monotonic() - started)
    if isinstance(found, Exception):
        reason = str(found) if isinstance(found, UserError) else type(found).__name__
        text = said["model_failed"].format(name=tool.name, reason=reason)
        return ToolResult(tool.name, text, said["failed"], ok=False, seconds=time.monotonic() - started)
    return _result(tool, found, context.lang, time.monotonic() - started)


def framed(text: str, lang: str) -> str:
    """A text as the model gets it: cut to what a result may have, and said to be data."""
    return words(lang)["model_frame"].format(text=_harmless(_cut(text)))


def _result(tool: Tool, found: Found, lang: str, seconds: float) -> ToolResult:
    said = words(lang)
    text = framed(found.text, lang)
    count = len(found.citations)
    short = said["found_one" if count == 1 else "found"].format(count=count) if count else ""
    if not found.ok:
        short = said["nothing"]
    kept = tuple(each for each in found.citations if f"[{each.n}]" in text)
    return ToolResult(tool.name, text, short, found.ok, kept, round(seconds, 3))


def _within(
    seconds: float, tool: Tool, checked: object, context: Context, cancelled: threading.Event
) -> Found | Exception | None:
    """What the tool returns or raises; None if it takes longer, or if it is cancelled."""
    outcome: queue.SimpleQueue[Found | Exception] = queue.SimpleQueue()

    def work() -> None:
        try:
            outcome.put(tool.run(checked, context, cancelled))
        except UserError as error:
            outcome.put(error)
        except Exception as error:  # the reply goes on without it
            traceback.print_exc()
            outcome.put(error)

    threading.Thread(target=work, name=f"tool-{tool.name}", daemon=True).start()
    end = time.monotonic() + seconds + _GRACE
    while time.monotonic() < end and not cancelled.is_set():
        try:
            return outcome.get(timeout=_POLL_SECONDS)
        except queue.Empty:
            continue
    return None


def _problem(error: ValidationError) -> str:
    """The first thing that is wrong, without repeating what was sent."""
    first = error.errors(include_url=False, include_input=False, include_context=False)[0]
    where = ".".join(str(part) for part in first["loc"])
    return f"{where}: {first['msg']}" if where else str(first["msg"])


def _cut(text: str) -> str:
    if len(text) <= CHARACTERS:
        return text
    return f"{text[:CHARACTERS].rpartition(chr(10))[0] or text[:CHARACTERS]}\n…"


def _harmless(text: str) -> str:
    """The text without marks that would end it, or begin a message."""
    return spaced_out(_END.sub("", text))
