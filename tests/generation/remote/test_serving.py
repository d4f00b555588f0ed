"""Replies of a real OpenAI-compatible server, `transformers serve`."""

import threading

import pytest

from assistant.errors import UserError
from assistant.generation.model import Finished, Message, ToolCall
from assistant.generation.remote import Remote, connect
from tests.generation.remote.asking import job, reply
from tests.generation.remote.serving import Serving
from tests.generation.remote.tiny_chat import BEGUN, COUNT, EXPLAINED, FOUND, REPLIES

TOOL = {
    "type": "function",
    "function": {
        "name": "explain_api",
        "description": "What an API does",
        "parameters": {"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"]},
    },
}


@pytest.fixture(scope="module")
def remote(serving: Serving) -> Remote:
    return connect(f"{serving.url}#{serving.model}")


def test_a_reply_streams_and_its_end_is_counted(remote: Remote) -> None:
    texts = list(remote.stream(job("What is NF4?"), threading.Event()))
    finished = texts.pop()
    assert isinstance(finished, Finished)
    assert "".join(map(str, texts)) == REPLIES["What is NF4?"]
    assert len(texts) > 5
    assert (finished.stopped, finished.error, finished.calls) == ("end", None, ())
    assert finished.prompt_tokens > 10
    assert finished.new_tokens >= len(texts)
    assert finished.first_token_ms > 0
    assert finished.tokens_per_s > 0


def test_chinese_and_emoji_arrive_whole(remote: Remote) -> None:
    text, finished = reply(remote, job("什么是 NF4？"))
    assert text == REPLIES["什么是 NF4？"]
    assert finished.stopped == "end"


def test_the_limit_is_said(remote: Remote) -> None:
    text, finished = reply(remote, job("Count.", tokens=12))
    assert COUNT.startswith(text)
    assert (finished.stopped, finished.new_tokens) == ("length", 12)


def test_a_stop_string_ends_it_and_is_not_shown(remote: Remote) -> None:
    text, finished = reply(remote, job("What is NF4?", stop=("NEVER", "END")))
    assert text == "NF4 is a data type with 4 bits [1]. It saves memory, "
    assert finished.stopped == "end"


def test_stop_acts_in_the_middle(remote: Remote) -> None:
    cancelled = threading.Event()
    seen = []
    for item in remote.stream(job("Count."), cancelled):
        seen.append(item)
        cancelled.set()
    assert len(seen) == 2
    assert isinstance(seen[-1], Finished)
    assert (seen[-1].stopped, seen[-1].error) == ("user", None)


def test_a_reply_is_continued_where_it_ended(remote: Remote) -> None:
    text, finished = reply(remote, job("What is NF4?", begun=BEGUN))
    assert text == " type with 4 bits [1]."
    assert finished.stopped == "end"
    assert "continue" in remote.ignored, "this server takes no prefill, and was asked in words"


def test_a_call_is_given_and_what_was_said_before_it_stays(remote: Remote) -> None:
    text, finished = reply(remote, job("Explain LoraConfig.", tools=(TOOL,)))
    assert text.rstrip() == "I look it up."
    [call] = finished.calls
    assert (call.name, call.arguments) == ("explain_api", '{"name": "LoraConfig"}')


def test_a_result_goes_back_to_the_model(remote: Remote) -> None:
    call = ToolCall("c1", "explain_api", '{"name": "LoraConfig"}')
    asked = job("Explain LoraConfig.", tools=(TOOL,))
    asked = type(asked)(
        (
            *asked.messages,
            Message("assistant", "I look it up.", calls=(call,)),
            Message("tool", FOUND, name="explain_api", call="c1"),
        ),
        asked.sampling,
        tools=(TOOL,),
    )
    text, finished = reply(remote, asked)
    assert text == EXPLAINED
    assert not finished.calls


def test_many_users_at_once(remote: Remote) -> None:
    got: list[tuple[str, Finished]] = []
    threads = [
        threading.Thread(target=lambda: got.append(reply(remote, job("What is NF4?")))) for _ in range(6)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [text for text, _ in got] == [REPLIES["What is NF4?"]] * 6


def test_a_model_that_is_not_there_is_named(serving: Serving) -> None:
    text, finished = reply(Remote(serving.url, "some/other"), job("What is NF4?"))
    assert (text, finished.stopped) == ("", "error")
    assert "some/other" in str(finished.error)


def test_a_server_that_lists_none_wants_a_name(serving: Serving) -> None:
    with pytest.raises(UserError, match="lists no chat model: name one") as failed:
        connect(serving.url)
    assert failed.value.code == 3
