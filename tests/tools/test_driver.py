"""A model that uses tools while it writes: one that is really served, and scripted ones over HTTP."""

import json
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from assistant.answering import Citation
from assistant.generation.model import Finished, Lexicon
from assistant.generation.remote import Remote, connect
from assistant.tools import TOOLS, Context, Step, with_tools
from assistant.tools.driver import CALLS
from tests.generation.remote.asking import job
from tests.generation.remote.broken import END, Answer, broken_server, event, head, replying, said
from tests.generation.remote.serving import served

SIMPLE = '{"name": "LoraConfig"}'


def drive(
    remote: Remote, context: Context, asked: Any = None, cancelled: threading.Event | None = None
) -> tuple[str, list[Step], Finished]:
    items = list(
        with_tools(remote, asked or job("Explain LoraConfig."), context, cancelled or threading.Event())
    )
    finished = items.pop()
    assert isinstance(finished, Finished)
    assert not finished.calls
    texts = [each for each in items if isinstance(each, str)]
    return "".join(texts), [each for each in items if isinstance(each, Step)], finished


def calling(*arguments: str, name: str = "explain_api", before: str = "") -> Answer:
    calls = [
        {"index": number, "id": "same", "function": {"name": name, "arguments": each}}
        for number, each in enumerate(arguments)
    ]
    parts = [said(before)] if before else []
    return replying(
        head(), *parts, event({"tool_calls": calls}), event(finish_reason="tool_calls"), b"data: [DONE]\n\n"
    )


def saying(text: str) -> Answer:
    return replying(head(), *(said(text[at : at + 5]) for at in range(0, len(text), 5)), END)


def test_a_served_model_calls_a_tool_and_goes_on(context: Context) -> None:
    serving = served()
    remote = connect(f"{serving.url}#{serving.model}")
    text, steps, finished = drive(remote, context, job("Explain LoraConfig.", tokens=60))
    assert text.startswith("I look it up.")
    assert "tool_call" not in text
    assert [(each.status, each.title) for each in steps[:2]] == [
        ("running", "Looking up LoraConfig"),
        ("done", "Looking up LoraConfig"),
    ]
    assert finished.stopped in ("end", "length")
    assert finished.error is None


def test_the_result_goes_to_the_model_and_its_source_to_the_page(context: Context) -> None:
    given = Citation(1, "memory#x.en", "", "", "", "")
    asked = replace(job("Explain it.", begun="So: "), lexicon=Lexicon(("given",), (1,)))
    with broken_server(calling(SIMPLE, before="I look it up. "), saying("It is of peft [2].")) as server:
        text, steps, finished = drive(Remote(server.url), replace(context, citations=(given,)), asked)
        first, second = (request.body for request in server.requests)
    assert text == "I look it up. It is of peft [2]."
    assert finished.stopped == "end"
    result = steps[-1].result
    assert result is not None
    assert [(each.n, each.passage) for each in result.citations] == [(2, "api:peft.LoraConfig")]
    assert {each["function"]["name"] for each in first["tools"]} == set(TOOLS)
    assistant, tool = second["messages"][-2:]
    assert (assistant["content"], assistant["tool_calls"][0]["function"]["arguments"]) == (
        "So: I look it up. ",
        SIMPLE,
    )
    assert (tool["role"], tool["content"], tool["tool_call_id"]) == (
        "tool",
        result.text,
        assistant["tool_calls"][0]["id"],
    )
    assert "continue_final_message" not in second


def test_a_format_that_the_server_does_not_parse_is_parsed_here(context: Context) -> None:
    written = f'I look.\n<tool_call>\n{{"name": "explain_api", "arguments": {SIMPLE}}}\n</tool_call>'
    with broken_server(saying(written), saying("It is of peft [1].")) as server:
        text, steps, _ = drive(Remote(server.url), context)
    assert text == "I look.\nIt is of peft [1]."
    assert [each.status for each in steps] == ["running", "done"]


def test_the_answer_after_a_call_begins_a_paragraph(context: Context) -> None:
    with broken_server(calling(SIMPLE, before="I look it up."), saying(" It is of peft.")) as server:
        assert drive(Remote(server.url), context)[0] == "I look it up.\n\nIt is of peft."


def test_a_model_that_never_stops_calling_is_made_to_answer(context: Context) -> None:
    names = [
        json.dumps({"name": f"LoraConfig.{name}"})
        for name in ("r", "bias", "lora_alpha", "lora_dropout", "use_dora")
    ]
    answers = [*(calling(name) for name in names[:3]), calling(*names[3:]), saying("Done.")]
    with broken_server(*answers) as server:
        text, steps, finished = drive(Remote(server.url), context)
        last = server.requests[-1].body
    assert (text, finished.stopped) == ("Done.", "end")
    assert len([each for each in steps if each.status == "done"]) == CALLS
    assert "tools" not in last
    assert "No more calls" in last["messages"][-1]["content"]


def test_markup_is_kept_back_also_after_the_last_call(context: Context) -> None:
    written = f'Well. <tool_call>\n{{"name": "explain_api", "arguments": {SIMPLE}}}\n</tool_call>'
    with broken_server(calling(SIMPLE), calling(SIMPLE), saying(written)) as server:
        text, steps, finished = drive(Remote(server.url), context)
    assert (text.strip(), finished.stopped, len(steps)) == ("Well.", "end", 2)


def test_the_same_call_is_not_made_twice(context: Context) -> None:
    with broken_server(calling(SIMPLE), calling('{ "name":"LoraConfig" }'), saying("Done.")) as server:
        text, steps, _ = drive(Remote(server.url), context)
        last = server.requests[-1].body
    assert text == "Done."
    assert len(steps) == 2
    assert "was made before" in last["messages"][-1]["content"]
    assert "tools" not in last


@pytest.mark.parametrize(
    "call", [calling("{broken"), calling("{}", name="rm"), calling('{"name": "LoraConfig.no_such_argument"}')]
)
def test_a_call_that_is_no_good_is_told_to_the_model(call: Answer, context: Context, tmp_path: Path) -> None:
    with broken_server(call, saying("Then without.")) as server:
        text, steps, finished = drive(Remote(server.url), context)
        told = server.requests[-1].body["messages"][-1]
    assert (text, finished.stopped) == ("Then without.", "end")
    assert [each.status for each in steps] == ["running", "failed"]
    assert told["role"] == "tool"
    assert "tool_call_id" in told


def test_a_reply_without_calls_is_as_it_was(context: Context) -> None:
    with broken_server(saying("Just text with [1] and {braces}.")) as server:
        text, steps, finished = drive(Remote(server.url), context)
    assert (text, steps, finished.stopped) == ("Just text with [1] and {braces}.", [], "end")


def test_an_error_after_a_call_keeps_what_was_said(context: Context) -> None:
    with broken_server(calling(SIMPLE, before="I look. "), replying(head(), said("It is"))) as server:
        text, steps, finished = drive(Remote(server.url), context)
    assert text == "I look. It is"
    assert finished.stopped == "error"
    assert "in the middle of the reply" in str(finished.error)
    assert len(steps) == 2


def test_stop_acts_between_calls(context: Context) -> None:
    cancelled = threading.Event()
    with broken_server(calling(SIMPLE)) as server:
        items = []
        for item in with_tools(Remote(server.url), job("Explain LoraConfig."), context, cancelled):
            items.append(item)
            if isinstance(item, Step):
                cancelled.set()
    finished = items[-1]
    assert isinstance(finished, Finished)
    assert finished.stopped == "user"


def test_a_server_that_takes_no_tools_answers_all_the_same(context: Context) -> None:
    from tests.generation.remote.test_request import picky

    with broken_server(picky("tools", message="this model does not support {}")) as server:
        remote = Remote(server.url)
        assert drive(remote, context)[0] == "Hi"
        assert not remote.tools
