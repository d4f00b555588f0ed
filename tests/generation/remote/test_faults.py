"""Each way in which a server can fail ends a reply with one sentence, with what came before it kept."""

import json
import logging
import socket
import threading
from dataclasses import replace
from string import Formatter

import pytest

from assistant.errors import UserError
from assistant.generation.model import Message
from assistant.generation.remote import Remote, Timeouts, connect
from assistant.generation.remote.faults import texts
from tests.conftest import free_port
from tests.generation.remote.asking import job, reply
from tests.generation.remote.broken import (
    END,
    Answer,
    Request,
    Send,
    broken_server,
    event,
    failing,
    hanging,
    head,
    replying,
    said,
)

QUICK = Timeouts(connect=0.3, first=0.4, between=0.4, total=3.0, listing=3.0)
KEY = "sk-test-0123456789abcdef"
CHUNKED = head("200 OK", "text/event-stream", "Transfer-Encoding: chunked")


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(data), data)


def endless(part: bytes) -> Answer:
    def answer(request: Request, send: Send) -> None:
        send(head())
        while not request.gone.is_set():
            send(part * 50)

    return answer


ENDINGS: dict[str, tuple[Answer, str, str]] = {
    # what the server does: (answer, text that is kept, words of the sentence)
    "wants a key": (failing("401 Unauthorized", "{}"), "", "wants an API key (401): set TRACEDOC_API_KEY"),
    "forbids": (failing("403 Forbidden", '{"error": "no seat"}'), "", "(403) (no seat): use another key"),
    "has no such model": (
        failing("404 Not Found", '{"error": {"message": "no model `m`"}}'),
        "",
        "(404) (no model m): choose a model",
    ),
    "is busy": (failing("429 Too Many Requests", "{}", "Retry-After: 7"), "", "try again in 7 s"),
    "is busy for long": (failing("429 Too Many Requests", "{}"), "", "try again in a minute"),
    "is starting": (failing("503 Service Unavailable", "<h1>503</h1>"), "", "takes no requests now (503)"),
    "fails": (failing("500 Internal Server Error", '{"detail": "CUDA error"}'), "", "failed (500) (CUDA error)"),
    "fails with a page": (failing("502 Bad Gateway", "<html>nginx</html>"), "", "failed (502): look at"),
    "redirects": (failing("307 Temporary Redirect", "", "Location: http://evil/"), "", "another address (307)"),
    "rejects": (failing("400 Bad Request", '{"message": "no"}'), "", "rejected the request (400) (no)"),
    "takes no such prompt": (
        failing("400 Bad Request", '{"message": "This model\'s maximum context length is 512 tokens."}'),
        "",
        "prompt is longer than",
    ),
    "sends nothing": (hanging(), "", "sent nothing for 0.4 s"),
    "sends a head only": (hanging(head()), "", "sent nothing for 0.4 s"),
    "sends signs of life only": (endless(b": waiting\n\n"), "", "more than a reply may have"),
    "sends empty deltas": (hanging(head(), *[event({"role": "assistant"})] * 5), "", "sent nothing for 0.4 s"),
    "stops in the middle": (hanging(head(), said("So far")), "So far", "stopped sending in the middle"),
    "closes at once": (replying(), "", "closed the connection without an answer"),
    "closes after the head": (replying(head()), "", "closed the connection without an answer"),
    "closes in the middle": (replying(head(), said("So far"), said(" good")), "So far good", "in the middle"),
    "breaks a chunk off": (replying(CHUNKED, chunk(said("So far")), b"ff\r\nda"), "So far", "in the middle"),
    "speaks no HTTP": (replying(b"SSH-2.0-OpenSSH_9.6\r\n\r\n"), "", "(not HTTP)"),
    "sends a page": (replying(head(kind="text/html"), b"<!doctype html><title>Hi</title>"), "", "(not JSON)"),
    "sends prose": (replying(head(kind="text/plain"), b"hello there\n\nfriend\n"), "", "(not JSON)"),
    "sends broken JSON": (replying(head(), said("So far"), b"data: {]\n\n"), "So far", "(not JSON)"),
    "sends deep JSON": (replying(head(), b"data: " + b'{"a":' * 20_000 + b"}" * 20_000 + b"\n\n"), "", "(not JSON)"),
    "sends another document": (replying(head(kind="application/json"), b'{"ok": true}'), "", "(no chat completion)"),
    "sends a list": (replying(head(kind="application/json"), b"[1, 2]"), "", "(not JSON)"),
    "sends odd choices": (replying(head(), b'data: {"choices": "yes"}\n\n'), "", "(no chat completion)"),
    "sends odd deltas": (replying(head(), b'data: {"choices": [{"delta": "x"}]}\n\n'), "", "(no chat completion)"),
    "sends a line without end": (endless(b"data: " + b"x" * 5_000), "", "(a line without end)"),
    "compresses": (replying(head("200 OK", "text/event-stream", "Content-Encoding: gzip"), b"\x1f\x8b\x08\n" * 9), "", "(not JSON)"),
    "reports an error": (
        replying(head(), said("So far"), b'data: {"error": {"message": "out of memory"}}\n\n'),
        "So far",
        "in the middle of the reply (out of memory)",
    ),
    "filters": (replying(head(), said("So"), event(finish_reason="content_filter")), "So", "content filter"),
}  # fmt: skip


@pytest.mark.parametrize("name", ENDINGS)
def test_a_fault_is_one_sentence(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TRACEDOC_API_KEY", raising=False)
    answer, kept, sentence = ENDINGS[name]
    with broken_server(answer) as server:
        remote = Remote(server.url, timeouts=QUICK)
        text, finished = reply(remote, job("Hello"))
        assert text == kept
        assert finished.stopped == "error"
        assert sentence in str(finished.error)
        assert finished.error.startswith(remote.address.name) or remote.address.name in finished.error  # type: ignore[union-attr]
        assert "\n" not in str(finished.error)
        assert not finished.calls
        remote.close()


def test_faults_are_said_in_the_conversation_s_language() -> None:
    with broken_server(failing("429 Too Many Requests", "{}", "Retry-After: 7")) as server:
        asked = job("为什么显存不足？")
        asked = replace(
            asked, messages=(Message("system", "只根据资料解释，并标注来源。"), *asked.messages[1:])
        )
        _, finished = reply(Remote(server.url), asked)
    assert "请 7 秒后再试" in str(finished.error)


def test_both_languages_have_the_same_sentences() -> None:
    english, chinese = texts("en"), texts("zh")
    assert english.keys() == chinese.keys()
    for name, sentence in english.items():
        fields = {field for _, field, _, _ in Formatter().parse(sentence) if field}
        assert fields == {field for _, field, _, _ in Formatter().parse(chinese[name]) if field}


def test_nobody_listens() -> None:
    _, finished = reply(Remote(f"http://127.0.0.1:{free_port()}"), job("Hello"))
    assert "refused the connection: start the model server" in str(finished.error)


def test_the_host_is_unknown() -> None:
    _, finished = reply(Remote("http://no-such-host.invalid:8000"), job("Hello"))
    assert finished.stopped == "error"
    assert "no-such-host.invalid:8000" in str(finished.error)


def test_the_connection_is_not_accepted() -> None:
    with socket.socket() as listener, socket.socket() as first, socket.socket() as second:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        for filler in (first, second):
            filler.setblocking(False)
            filler.connect_ex(listener.getsockname())
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        _, finished = reply(Remote(url, timeouts=QUICK), job("Hello"))
    assert "accepted no connection within 0.3 s" in str(finished.error)


def test_tls_where_there_is_none() -> None:
    with broken_server(replying()) as server:
        _, finished = reply(Remote(server.url.replace("http:", "https:")), job("Hello"))
    assert "no secure connection" in str(finished.error)
    assert "write http://" in str(finished.error)


def test_a_reply_without_end_is_cut() -> None:
    with broken_server(endless(said("again and again "))) as server:
        text, finished = reply(Remote(server.url), job("Hello", tokens=30))
    assert finished.stopped == "length"
    assert 100 < len(text) < 1_000


def test_what_is_no_utf8_is_replaced() -> None:
    with broken_server(replying(head(), said("good X day").replace(b"X", b"\xff"), END)) as server:
        text, finished = reply(Remote(server.url), job("Hello"))
    assert (text, finished.stopped) == ("good \ufffd day", "end")


def test_control_characters_and_half_characters_do_no_harm() -> None:
    parts = [said("a\x00\x1b[31mb\r\n"), said("\ud83d"), said("\ude00"), said("\ud83d"), END]
    with broken_server(replying(head(), *parts)) as server:
        text, finished = reply(Remote(server.url), job("Hello"))
    assert text == "a[31mb\n😀\ufffd"
    assert finished.stopped == "end"


@pytest.mark.parametrize("parts", [(), (head(),), (head(), said("So far"))])
def test_stop_acts_while_the_server_hangs(parts: tuple[bytes, ...]) -> None:
    with broken_server(hanging(*parts)) as server:
        remote, cancelled = Remote(server.url), threading.Event()
        remote.discover()
        threading.Timer(0.3, cancelled.set).start()
        _, finished = reply(remote, job("Hello"), cancelled)
        assert (finished.stopped, finished.error) == ("user", None)
        assert server.requests[0].gone.wait(5), "the connection is closed, so that the server can stop too"


def test_a_reader_who_goes_away_closes_the_connection() -> None:
    with broken_server(hanging(head(), said("So far"))) as server:
        stream = Remote(server.url).stream(job("Hello"), threading.Event())
        assert next(stream) == "So far"
        stream.close()  # type: ignore[attr-defined]
        assert server.requests[0].gone.wait(5)


def test_one_that_hangs_blocks_no_other() -> None:
    with broken_server(hanging(), replying(head(), said("Hi"), END)) as server:
        remote, cancelled = Remote(server.url), threading.Event()
        remote.discover()
        stuck = threading.Thread(target=lambda: reply(remote, job("Hello"), cancelled))
        stuck.start()
        while not server.requests:
            pass
        assert reply(remote, job("Hello"))[0] == "Hi"
        cancelled.set()
        stuck.join()


def test_a_connection_that_was_closed_is_made_anew() -> None:
    with broken_server(replying(), replying(head(), said("Hi"), END)) as server:
        text, finished = reply(Remote(server.url), job("Hello"))
    assert (text, finished.stopped) == ("Hi", "end")


def test_after_closing_a_sentence_says_so() -> None:
    with broken_server(replying(head(), END)) as server:
        remote = Remote(server.url)
        remote.discover()
        remote.close()
        _, finished = reply(remote, job("Hello"))
    assert "was given up" in str(finished.error)


def test_connect_says_what_is_wrong_before_a_reply_is_asked_for() -> None:
    with pytest.raises(UserError, match="refused the connection") as failed:
        connect(f"http://127.0.0.1:{free_port()}")
    assert failed.value.code == 3
    with (
        broken_server(replying(), listing={"models": []}) as server,
        pytest.raises(UserError, match="no list of models"),
    ):
        connect(server.url)


def test_the_key_is_sent_and_never_shown(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("TRACEDOC_API_KEY", KEY)
    caplog.set_level(logging.DEBUG)
    echo = json.dumps({"error": {"message": f"Incorrect API key provided: {KEY}."}})
    with broken_server(failing("401 Unauthorized", echo), failing("500 Oops", echo)) as server:
        remote = Remote(server.url.replace("//", "//someone:hunter2secret@"))
        errors = [str(reply(remote, job("Hello"))[1].error) for _ in range(2)]
        assert server.requests[0].headers["authorization"] == f"Bearer {KEY}"
    assert "does not accept the API key (401): correct TRACEDOC_API_KEY" in errors[0]
    shown = f"{errors} {remote!r} {remote.address!r} {remote.name} {caplog.text}"
    assert KEY not in shown
    assert "hunter2secret" not in shown


def test_a_login_in_the_address_is_used_where_there_is_no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TRACEDOC_API_KEY", raising=False)
    with broken_server(replying(head(), said("Hi"), END)) as server:
        reply(Remote(server.url.replace("//", "//someone:hunter2secret@")), job("Hello"))
        assert server.requests[0].headers["authorization"].startswith("Basic ")


def test_a_key_that_is_none_is_not_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRACEDOC_API_KEY", "sk-one\nX-Injected: yes")
    with broken_server(replying(head(), END)) as server:
        _, finished = reply(Remote(server.url), job("Hello"))
        assert not server.requests
    assert "TRACEDOC_API_KEY has characters" in str(finished.error)
