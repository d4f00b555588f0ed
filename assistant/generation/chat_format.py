"""A conversation as a model's tokens: by its own chat template, else by ours.

What a message says can never become a control token: a text that contains "<end_of_turn>" is written with
the letters of it. For that the template is filled with marks instead of the contents, and the contents are
put in afterwards, so that it is known of every character whether it is the template's or a message's.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from assistant.generation.model import Message

Format = Literal["template", "gemma", "plain"]

_MARK = re.compile(r"xq(\d+)qx")
_NAMES = {"system": "System", "user": "User", "assistant": "Assistant", "tool": "Tool"}
PLAIN_STOPS = ("\nUser:", "\nSystem:", "\nTool:", "\nAssistant:")


@dataclass(frozen=True, slots=True)
class Rendered:
    """A prompt. `spans` are the ranges of tokens that the assistant wrote, each with the token that ends
    its turn, which is what training learns from; `begun` is where the begun reply starts (the length of
    `ids` if none is begun); `stops` are texts that end a reply; `warning` says, for people, why a model's
    own template was not used."""

    ids: tuple[int, ...]
    spans: tuple[tuple[int, int], ...]
    begun: int
    format: Format
    stops: tuple[str, ...] = ()
    warning: str = ""


def render(
    messages: Sequence[Message],
    tokenizer: Any,
    begun: str = "",
    tools: Sequence[Mapping[str, Any]] = (),
) -> Rendered:
    """The tokens of a conversation. If its last message is not the assistant's, the prompt for a reply
    follows, and `begun` as the beginning of it; else it is a sample to learn from."""
    contents = [message.content.strip() for message in messages]
    contents.append(begun)
    prompting = not messages or messages[-1].role != "assistant"
    warning = ""
    text, form = "", "plain"
    if getattr(tokenizer, "chat_template", None):
        try:
            text, form = _by_template(messages, tokenizer, tools, prompting), "template"
        except Exception as error:  # a template is a program of its author's: whatever it raises
            reason = " ".join(str(error).split())[:200] or type(error).__name__
            warning = f"The model's chat template cannot be used ({reason}): turns are marked in our own way."
    if form != "template":
        form = "gemma" if _has_turn_tokens(tokenizer) else "plain"
        text = (_gemma if form == "gemma" else _plain)(messages, tokenizer, prompting)
    if prompting:
        text += f"xq{len(messages)}qx"
    ids, written = _encode(text, contents, tokenizer)
    spans, start = [], len(ids)
    for number, (first, last) in written.items():
        if number == len(messages):
            start = first if begun else len(ids)
        elif messages[number].role == "assistant":
            ended = last < len(ids) and ids[last] in turn_ends(tokenizer)
            spans.append((first, last + ended))
    stops = PLAIN_STOPS if form == "plain" else ()
    return Rendered(tuple(ids), tuple(spans), start, form, stops, warning)  # type: ignore[arg-type]


def turn_ends(tokenizer: Any, generation_config: Any = None) -> frozenset[int]:
    """The tokens that end a turn."""
    found = {tokenizer.eos_token_id}
    configured = getattr(generation_config, "eos_token_id", None)
    found |= set(configured) if isinstance(configured, list) else {configured}
    names = ("<end_of_turn>", "<|im_end|>", "<|eot_id|>", "<|eom_id|>", "<|end|>", "<|endoftext|>", "<turn|>")
    added = {each.content: token for token, each in tokenizer.added_tokens_decoder.items()}
    found |= {added.get(name) for name in names}
    return frozenset(token for token in found if token is not None)


def _by_template(
    messages: Sequence[Message], tokenizer: Any, tools: Sequence[Mapping[str, Any]], prompting: bool
) -> str:
    """The template, filled with marks. Raises ValueError if it drops a message."""
    filled = [_as_dict(message, f"xq{number}qx") for number, message in enumerate(messages)]
    options: dict[str, Any] = {"tools": [dict(tool) for tool in tools]} if tools else {}
    variants = [filled]
    if filled and filled[0]["role"] == "system" and len(filled) > 1:
        joined = f"{filled[0]['content']}\n\n{filled[1]['content']}"
        variants.append([{**filled[1], "content": joined}, *filled[2:]])  # some templates have no system turn
    failure: Exception | None = None
    for variant in variants:
        try:
            text = str(
                tokenizer.apply_chat_template(
                    variant, tokenize=False, add_generation_prompt=prompting, enable_thinking=False, **options
                )
            )
        except Exception as error:  # the next variant may do
            failure = failure or error
            continue
        if [int(mark) for mark in _MARK.findall(text)] == list(range(len(messages))):
            return text
    raise failure or ValueError("it leaves out messages or repeats them")


def _as_dict(message: Message, content: str) -> dict[str, Any]:
    filled: dict[str, Any] = {"role": message.role, "content": content}
    if message.calls:
        filled["tool_calls"] = [
            {
                "type": "function",
                "id": call.id,
                "function": {"name": call.name, "arguments": _harmless(_arguments(call.arguments))},
            }
            for call in message.calls
        ]
    if message.name:
        filled["name"] = message.name
    if message.call:
        filled["tool_call_id"] = message.call
    return filled


def _arguments(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return {}


def _harmless(value: Any) -> Any:
    """A call's arguments stand in the template's own part, where marks of control tokens would count."""
    if isinstance(value, str):
        return _MARK.sub("", re.sub(r"([<\[])(?=\S)", "\\1\u200b", value))
    if isinstance(value, dict):
        return {_harmless(key): _harmless(each) for key, each in value.items()}
    return [_harmless(each) for each in value] if isinstance(value, list) else value


def _has_turn_tokens(tokenizer: Any) -> bool:
    added = {each.content for each in tokenizer.added_tokens_decoder.values()}
    return {"<start_of_turn>", "<end_of_turn>"} <= added


def _gemma(messages: Sequence[Message], tokenizer: Any, prompting: bool) -> str:
    text, system = tokenizer.bos_token or "", ""
    for number, message in enumerate(messages):
        if message.role == "system":
            system += f"xq{number}qx\n\n"
            continue
        role = "model" if message.role == "assistant" else "user"
        first, system = (system, "") if role == "user" else ("", system)
        text += f"<start_of_turn>{role}\n{first}xq{number}qx<end_of_turn>\n"
    return text + ("<start_of_turn>model\n" if prompting else "")


def _plain(messages: Sequence[Message], tokenizer: Any, prompting: bool) -> str:
    turns = [f"{_NAMES[message.role]}: xq{number}qx" for number, message in enumerate(messages)]
    end = tokenizer.eos_token or ""
    turns = [
        turn + end if message.role == "assistant" else turn
        for turn, message in zip(turns, messages, strict=True)
    ]
    text = (tokenizer.bos_token or "") + "\n".join(turns)
    return text + ("\nAssistant: " if prompting else "")


def _encode(
    text: str, contents: Sequence[str], tokenizer: Any
) -> tuple[list[int], dict[int, tuple[int, int]]]:
    """The tokens of a filled template with the contents in place of the marks, and for each content the
    range of its tokens."""
    whole, ranges = _put_in(text, contents)
    encoded = tokenizer(whole, add_special_tokens=False, return_offsets_mapping=True)
    control = _control(tokenizer)
    ids: list[int] = []
    places: list[tuple[int, int]] = []
    for token, (begin, end) in zip(encoded["input_ids"], encoded["offset_mapping"], strict=True):
        inside = any(first < end and begin < last for first, last in ranges.values())
        if token in control and inside:
            letters = list(_letters(whole[begin:end], tokenizer, control))
            ids += letters
            places += [(begin, end)] * len(letters)
        else:
            ids.append(token)
            places.append((begin, end))
    return ids, {number: _covered(places, first, last) for number, (first, last) in ranges.items()}


def _put_in(text: str, contents: Sequence[str]) -> tuple[str, dict[int, tuple[int, int]]]:
    parts: list[str] = []
    ranges: dict[int, tuple[int, int]] = {}
    length, done = 0, 0
    for mark in _MARK.finditer(text):
        number = int(mark[1])
        parts += [text[done : mark.start()], contents[number]]
        length += mark.start() - done
        ranges[number] = (length, length + len(contents[number]))
        length += len(contents[number])
        done = mark.end()
    return "".join([*parts, text[done:]]), ranges


def _letters(text: str, tokenizer: Any, control: frozenset[int]) -> Iterator[int]:
    """A control token's text as ordinary tokens: its first character by itself, which breaks it."""
    for part in (text[:1], text[1:]):
        encoded = tokenizer("\n" + part, add_special_tokens=False, return_offsets_mapping=True)
        for token, (begin, end) in zip(encoded["input_ids"], encoded["offset_mapping"], strict=True):
            if end <= 1:
                continue  # the line break, which keeps tokenizers from putting a space first
            if token not in control:
                yield token
            elif len(part) > 1:
                yield from _letters(part[max(0, begin - 1) : end - 1], tokenizer, control)


def _control(tokenizer: Any) -> frozenset[int]:
    """The tokens that mean something to a model beyond their letters: special ones, and added ones that
    look like marks (`<tool_call>` is one in some vocabularies without being special)."""
    return frozenset(
        token
        for token, each in tokenizer.added_tokens_decoder.items()
        if each.special or each.content.strip()[:1] in ("<", "[")
    )


def _covered(places: Sequence[tuple[int, int]], first: int, last: int) -> tuple[int, int]:
    """The range of tokens that lie in a range of characters; an empty one where that is empty."""
    begin = next((number for number, (_, end) in enumerate(places) if end > first), len(places))
    end = begin
    while end < len(places) and places[end][0] < last:
        end += 1
    return begin, end
