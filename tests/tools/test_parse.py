"""Calls in the formats that local models write them in, and what must not be taken for one."""

import pytest
from hypothesis import given
from hypothesis import strategies as some

from assistant.generation.model import ToolCall
from assistant.tools import parse_calls
from assistant.tools.screen import Screen

KNOWN = ("explain_api", "search_corpus")
LORA = '{"name": "LoraConfig"}'

WRITTEN: dict[str, tuple[str, str, list[tuple[str, str]]]] = {
    # format: (what the model writes, the text before, the calls)
    "Hermes and Qwen": (
        f'I look.\n<tool_call>\n{{"name": "explain_api", "arguments": {LORA}}}\n</tool_call>',
        "I look.",
        [("explain_api", LORA)],
    ),
    "two calls": (
        f'<tool_call>{{"name": "explain_api", "arguments": {LORA}}}</tool_call>\n<tool_call>{{"name": "search_corpus", "arguments": {{"query": "内存"}}}}</tool_call>',
        "",
        [("explain_api", LORA), ("search_corpus", '{"query": "内存"}')],
    ),
    "cut off": (f'<tool_call>\n{{"name": "explain_api", "arguments": {LORA}}}', "", [("explain_api", LORA)]),
    "Qwen 3.5": (
        "Yes.<tool_call>\n<function=explain_api>\n<parameter=name>\nLoraConfig\n</parameter>\n</function>\n</tool_call>",
        "Yes.",
        [("explain_api", LORA)],
    ),
    "Llama 3": (f'{{"name": "explain_api", "parameters": {LORA}}}', "", [("explain_api", LORA)]),
    "Llama 3, tagged": (
        f'<|python_tag|>{{"name": "explain_api", "parameters": {LORA}}}',
        "",
        [("explain_api", LORA)],
    ),
    "Llama 3, two": (
        f'{{"name": "explain_api", "parameters": {LORA}}}; {{"name": "search_corpus", "parameters": {{"query": "a"}}}}',
        "",
        [("explain_api", LORA), ("search_corpus", '{"query": "a"}')],
    ),
    "OpenAI's own": (
        f'{{"type": "function", "function": {{"name": "explain_api", "arguments": {LORA}}}}}',
        "",
        [("explain_api", LORA)],
    ),
    "fenced": (f'```json\n{{"name": "explain_api", "arguments": {LORA}}}\n```', "", [("explain_api", LORA)]),
    "Mistral": (
        f'[TOOL_CALLS] [{{"name": "explain_api", "arguments": {LORA}}}]',
        "",
        [("explain_api", LORA)],
    ),
    "Mistral, newer": (f"[TOOL_CALLS]explain_api[ARGS]{LORA}", "", [("explain_api", LORA)]),
    "text as arguments": (
        '<tool_call>{"name": "explain_api", "arguments": "{\\"name\\": \\"LoraConfig\\"}"}</tool_call>',
        "",
        [("explain_api", LORA)],
    ),
    "broken JSON": (
        '<tool_call>{"name": "explain_api", "arguments": {name: LoraConfig}}</tool_call>',
        "",
        [("explain_api", '{"name": "explain_api", "arguments": {name: LoraConfig}}')],
    ),
    "no JSON at all": ("<tool_call>look up LoraConfig</tool_call>", "", [("", "look up LoraConfig")]),
}
PLAIN = [
    "LoraConfig is a class of peft [1].",
    'Write {"name": "x"} into the config.',
    '{"name": "other", "parameters": {}} is no tool of ours.',
    '{"learning_rate": 2e-4}',
    '```json\n{"load_in_4bit": true}\n```\nis enough.',
    "The tag `<tool_call>` begins a call.",
    "a < b and [TOOL",
    "{",
]


@pytest.mark.parametrize("name", WRITTEN)
def test_calls_are_found(name: str) -> None:
    written, before, calls = WRITTEN[name]
    text, found = parse_calls(written, known=KNOWN)
    assert text == before
    assert [(call.name, call.arguments) for call in found] == calls
    assert len({call.id for call in found}) == len(found)


@pytest.mark.parametrize("text", PLAIN)
def test_text_is_no_call(text: str) -> None:
    assert parse_calls(text, known=KNOWN) == (text, ())


def screened(text: str, sizes: list[int]) -> tuple[str, list[str], tuple[ToolCall, ...]]:
    screen, shown, at = Screen(KNOWN), [], 0
    while at < len(text):
        size = sizes[len(shown) % len(sizes)]
        shown.append(screen.feed(text[at : at + size]))
        at += size
    rest, calls = screen.end()
    assert screen.said == "".join([*shown, rest])
    return screen.said, shown, calls


@given(some.sampled_from(sorted(WRITTEN)), some.lists(some.integers(1, 12), min_size=1, max_size=20))
def test_markup_never_reaches_the_user(name: str, sizes: list[int]) -> None:
    written, before, calls = WRITTEN[name]
    said, _, found = screened(written, sizes)
    assert said.rstrip() == before
    assert [(call.name, call.arguments) for call in found] == calls


@given(some.sampled_from(PLAIN), some.lists(some.integers(1, 12), min_size=1, max_size=20))
def test_text_is_shown_whole(text: str, sizes: list[int]) -> None:
    said, _, found = screened(text, sizes)
    assert (said, found) == (text, ())


def test_prose_is_not_held_back() -> None:
    screen = Screen(KNOWN)
    assert screen.feed("LoraConfig ") == "LoraConfig "
    assert screen.feed("is a [") == "is a "
    assert screen.feed("class]") == "[class]"


@given(some.text(alphabet='{}[]"<>|/abcnamet_ol:,;`\n ', max_size=80))
def test_any_text_is_parsed_in_order(text: str) -> None:
    before, calls = parse_calls(text, known=KNOWN)
    assert text.startswith(before)
    assert before == text or calls


def test_a_long_run_of_openers_takes_no_time() -> None:
    _, calls = parse_calls("<tool_call>{" * 20_000, known=KNOWN)
    assert len(calls) == 16


def test_a_tokenizer_s_own_template_is_used(tmp_path: object) -> None:
    from tokenizers import Tokenizer, models
    from transformers import PreTrainedTokenizerFast

    tokenizer = PreTrainedTokenizerFast(tokenizer_object=Tokenizer(models.BPE()))
    tokenizer.response_template = {
        "defaults": {"role": "assistant"},
        "start_anchor": "<|im_start|>assistant\n",
        "fields": {
            "tool_calls": {
                "open_pattern": r"\s*<call>",
                "close": "</call>",
                "repeats": True,
                "content": "json",
                "transform": {"type": "function", "function": "{content}"},
            },
            "content": {"close_pattern": r"\s*<\|im_end\|>", "content": "text"},
        },
    }
    written = f'I look.\n<call>{{"name": "explain_api", "arguments": {LORA}}}</call>'
    text, [call] = parse_calls(written, tokenizer, known=KNOWN)
    assert (text, call.name, call.arguments) == ("I look.", "explain_api", LORA)
    # what another format writes is still understood
    assert parse_calls(WRITTEN["Hermes and Qwen"][0], tokenizer, known=KNOWN)[1]
