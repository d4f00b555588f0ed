"""A Job as the body of a chat completion, in what this server takes of it.

OpenAI-compatible servers differ in what they accept. We ask in full; what a server rejects is left out
from then on, and is said by `Remote.ignored`.

The repetition penalty is not sent: our penalties count generated tokens only, `repetition_penalty` of
vLLM, SGLang, llama.cpp and `transformers serve` counts the prompt's tokens too, which spoils the names that
a reply copies from its evidence. No server has the n-gram rule.
"""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from assistant.generation.marks import spaced_out
from assistant.generation.model import Job, Message, Sampling
from assistant.generation.remote.faults import texts

_STOPS = 4
"""Stop strings that OpenAI's API takes; all are heeded on our side too."""
_FIELDS = {
    "continue_final_message": "continue",
    "add_generation_prompt": "continue",
    "chat_template_kwargs": "chat_template_kwargs",
    "stream_options": "stream_options",
    "max_tokens": "max_tokens",
    "temperature": "temperature",
    "tools": "tools",
    "top_p": "top_p",
    "top_k": "top_k",
    "seed": "seed",
    "stop": "stop",
}
"""Fields that a server may reject, and what is then left out (or said in another way)."""
_EXTRAS = frozenset(["continue", "chat_template_kwargs", "stream_options", "top_k", "seed"])
_HINTS = (
    (re.compile(r"system.{0,20}(?:role|message|prompt)|(?:role|message).{0,20}system", re.IGNORECASE), "system"),
    (re.compile(r"tool.?choice|tool.?call.?parser|support.{0,20}tool|tool.{0,20}support", re.IGNORECASE), "tools"),
    (re.compile(r"prefill|(?:last|final).{0,20}(?:role|message)|assistant.{0,20}(?:last|final)", re.IGNORECASE), "continue"),
)  # fmt: skip


def body_of(job: Job, model: str, refused: frozenset[str], lang: str) -> dict[str, Any]:
    """The request for a reply, without what the server has `refused`."""
    messages = [*_messages(job.messages, refused, lang), *_begun(job.begun, refused, lang)]
    tokens = "max_completion_tokens" if "max_tokens" in refused else "max_tokens"
    body: dict[str, Any] = {
        "model": model,
        "messages": messages,
        "stream": True,
        tokens: job.sampling.max_new_tokens,
        "stream_options": {"include_usage": True},
        # thoughts would use up a short reply before it begins
        "chat_template_kwargs": {"enable_thinking": False},
        **_numbers(job.sampling),
    }
    if job.stop:
        body["stop"] = list(job.stop[:_STOPS])
    if job.tools:
        body["tools"] = list(job.tools)
    if job.begun:
        body |= {"continue_final_message": True, "add_generation_prompt": False}
    return {name: value for name, value in body.items() if _FIELDS.get(name) not in refused}


def also_refused(
    body: Mapping[str, Any], detail: str, refused: frozenset[str], *, guess: bool
) -> frozenset[str]:
    """What to leave out after a request was rejected with `detail`: what it names, else, as a `guess`,
    all that is not OpenAI's. Empty where there is nothing left."""
    named = {_FIELDS[name] for name in _FIELDS if name in body and re.search(rf"\b{name}\b", detail)}
    named |= {what for pattern, what in _HINTS if pattern.search(detail) and _applies(what, body)}
    if named - refused:
        return frozenset(named - refused)
    if not guess:
        return frozenset()
    extras = {_FIELDS[name] for name in body if name in _FIELDS} & _EXTRAS
    return frozenset(extras - refused)


def _applies(what: str, body: Mapping[str, Any]) -> bool:
    if what == "system":
        return any(message["role"] == "system" for message in body["messages"])
    return any(_FIELDS.get(name) == what for name in body)


def _numbers(sampling: Sampling) -> dict[str, Any]:
    if not sampling.do_sample:
        return {"temperature": 0}
    numbers: dict[str, Any] = {"temperature": sampling.temperature}
    if sampling.top_p < 1:
        numbers["top_p"] = sampling.top_p
    if sampling.top_k:
        numbers["top_k"] = sampling.top_k
    if sampling.seed is not None:
        numbers["seed"] = sampling.seed
    return numbers


def _begun(begun: str, refused: frozenset[str], lang: str) -> Iterator[dict[str, Any]]:
    """The reply that is to be continued: as it stands, or with our request to go on."""
    if begun:
        yield {"role": "assistant", "content": spaced_out(begun)}
        if "continue" in refused:
            yield {"role": "user", "content": texts(lang)["go_on"]}


def _messages(messages: tuple[Message, ...], refused: frozenset[str], lang: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for message in messages:
        plain = _plain(message, refused, lang)
        if not plain["content"] and "tool_calls" not in plain:
            continue
        if "tools" in refused and found and found[-1]["role"] == plain["role"]:
            found[-1]["content"] += f"\n\n{plain['content']}"
        else:
            found.append(plain)
    if "system" in refused and len(found) > 1 and found[0]["role"] == "system":
        rules = found.pop(0)["content"]
        found[0] = {**found[0], "content": f"{rules}\n\n{found[0]['content']}"}
    return found


def _plain(message: Message, refused: frozenset[str], lang: str) -> dict[str, Any]:
    if message.role == "tool" and "tools" in refused:
        text = texts(lang)["result"].format(name=message.name, text=spaced_out(message.content))
        return {"role": "user", "content": text}
    text = message.content if message.role == "system" else spaced_out(message.content)
    found: dict[str, Any] = {"role": message.role, "content": text}
    if message.role == "tool":
        found |= {"tool_call_id": message.call, "name": message.name}
    if message.calls and "tools" not in refused:
        found["tool_calls"] = [
            {
                "id": call.id,
                "type": "function",
                "function": {"name": call.name, "arguments": _object(call.arguments)},
            }
            for call in message.calls
        ]
    return found


def _object(arguments: str) -> str:
    """Arguments as servers parse them: a broken one would make them reject the whole conversation."""
    try:
        return arguments if isinstance(json.loads(arguments), dict) else "{}"
    except ValueError:
        return "{}"
