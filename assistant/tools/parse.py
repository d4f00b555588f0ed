"""Finds the calls in what a local model writes, in the formats of the model families.

Hermes and Qwen write `<tool_call>{…}</tool_call>`, Qwen 3.5 XML within it, Llama 3 a bare object
(sometimes after `<|python_tag|>`), Mistral `[TOOL_CALLS] […]`. A tokenizer with a response template
(transformers 5) parses its own.
"""

import json
import re
from collections.abc import Collection, Iterator
from typing import Any

from assistant.generation.model import ToolCall

OPENERS = ("<tool_call>", "<|python_tag|>", "[TOOL_CALLS]", "<function=", "<|tool_call>")
"""What a call begins with, wherever it stands in a reply."""
_BARE = re.compile(r'\s*(?:```(?:json)?\s*)?\{\s*"(?:name|type|function)"\s*:\s*"')
_TAGGED = re.compile(r"<tool_call>\s*(.*?)\s*(?:</tool_call>|(?=<tool_call>)|\Z)", re.DOTALL)
_XML = re.compile(r"<function=([^>\n]{1,100})>\s*(.*?)(?:</function>|(?=<function=)|\Z)", re.DOTALL)
_XML_FIELD = re.compile(
    r"<parameter=([^>\n]{1,100})>\s*(.*?)\s*(?:</parameter>|(?=<parameter=)|\Z)", re.DOTALL
)
_MISTRAL_NEW = re.compile(
    r"\[TOOL_CALLS\]\s*([\w.-]{1,100})\s*(?:\[CALL_ID\]\s*\w+\s*)?(?:\[ARGS\])?\s*(?=\{)"
)
_NAME = re.compile(r'"name"\s*:\s*"([\w.-]{1,100})"')
_MOST = 16


def parse_calls(
    text: str, tokenizer: Any = None, *, known: Collection[str] = (), prompt: str = ""
) -> tuple[str, tuple[ToolCall, ...]]:
    """The text before the first call, and the calls. `known` are the tools' names: a bare object counts
    only if it names one of them. A call that cannot be read is given with what it says as arguments."""
    if tokenizer is not None and getattr(tokenizer, "response_template", None):
        parsed = _by_template(text, tokenizer, prompt)
        if parsed and parsed[1]:
            return parsed
    at = first_opener(text)
    if at >= 0:
        return text[:at].rstrip(), _numbered(_marked(text[at:]))
    if may_be_bare(text):
        found = [each for each in _objects(text[text.index("{") :]) if each[0] in known]
        if found:
            return "", _numbered(iter(found))
    return text, ()


def first_opener(text: str) -> int:
    """Where the first call begins, -1 if there is none. One that is quoted as code is none."""
    places = [
        at
        for opener in OPENERS
        for at in (found.start() for found in re.finditer(re.escape(opener), text))
        if text[at - 1 : at] != "`"
    ]
    return min(places, default=-1)


def may_be_bare(text: str) -> bool:
    """Whether a reply is, from its first character, an object that may be a call."""
    return bool(_BARE.match(text))


def _marked(text: str) -> Iterator[tuple[str, str]]:
    if text.startswith("<tool_call>"):
        for found in _TAGGED.finditer(text):
            body = found[1]
            yield from _xml(body) if "<function=" in body else (next(iter(_objects(body)), _broken(body)),)
    elif text.startswith("<function="):
        yield from _xml(text)
    elif text.startswith("[TOOL_CALLS]"):
        named = list(_MISTRAL_NEW.finditer(text))
        for found in named:
            yield found[1], _first_object(text[found.end() :])
        if not named:
            yield from list(_objects(text.removeprefix("[TOOL_CALLS]"))) or [_broken(text)]
    else:
        body = text.partition(">")[2]
        yield from list(_objects(body)) or [_broken(body)]


def _objects(text: str) -> Iterator[tuple[str, str]]:
    """Name and arguments of the calls in a run of JSON: one object, some (with `;` between), or a list."""
    decoder, at = json.JSONDecoder(), 0
    for _ in range(_MOST):
        start = re.compile(r"[\[{]").search(text, at)
        if not start:
            return
        try:
            value, at = decoder.raw_decode(text, start.start())
        except (ValueError, RecursionError):
            return
        for each in value if isinstance(value, list) else [value]:
            call = _call(each)
            if call:
                yield call


def _call(value: Any) -> tuple[str, str] | None:
    if isinstance(value, dict) and isinstance(value.get("function"), dict):
        value = value["function"]
    if not isinstance(value, dict):
        return None
    name = value.get("name") or (value["function"] if isinstance(value.get("function"), str) else None)
    arguments = value.get("arguments", value.get("parameters", {}))
    if not isinstance(name, str):
        return None
    return name, arguments if isinstance(arguments, str) else json.dumps(arguments, ensure_ascii=False)


def _xml(text: str) -> Iterator[tuple[str, str]]:
    for found in _XML.finditer(text):
        fields = {field[1].strip(): field[2] for field in _XML_FIELD.finditer(found[2])}
        yield found[1].strip(), json.dumps(fields, ensure_ascii=False)


def _first_object(text: str) -> str:
    try:
        value, _ = json.JSONDecoder().raw_decode(text.lstrip())
    except (ValueError, RecursionError):
        return text[:200]
    return json.dumps(value, ensure_ascii=False)


def _broken(text: str) -> tuple[str, str]:
    named = _NAME.search(text)
    return named[1] if named else "", text[:200]


def _numbered(found: Iterator[tuple[str, str]]) -> tuple[ToolCall, ...]:
    return tuple(
        ToolCall(f"call_{number}", name, arguments)
        for number, (name, arguments) in zip(range(_MOST), found, strict=False)
    )


def _by_template(text: str, tokenizer: Any, prompt: str) -> tuple[str, tuple[ToolCall, ...]] | None:
    try:
        message = tokenizer.parse_response(text, prefix=prompt)
    except Exception:  # a template that does not fit what the model wrote: our own parser is next
        return None
    if not isinstance(message, dict):
        return None
    content = message.get("content")
    found = (_call(each) for each in message.get("tool_calls") or [])
    return content if isinstance(content, str) else "", _numbered(each for each in found if each)
