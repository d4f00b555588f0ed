"""Plays a model server that is broken: it answers each request with the bytes that a test gives it."""

import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

Send = Callable[[bytes], None]
Answer = Callable[["Request", Send], None]
LISTING = {
    "object": "list",
    "data": [{"id": "m", "object": "model", "owned_by": "test", "max_model_len": 4096}],
}


@dataclass(frozen=True)
class Request:
    """What was asked. `gone` is set once the client has closed the connection."""

    line: str
    headers: dict[str, str]
    body: dict[str, Any]
    gone: threading.Event = field(default_factory=threading.Event)


@dataclass
class Broken:
    """A running server: its address and what it was asked for, the list of models left out."""

    url: str
    requests: list[Request] = field(default_factory=list)


def head(status: str = "200 OK", kind: str = "text/event-stream", *more: str) -> bytes:
    return "\r\n".join(
        [f"HTTP/1.1 {status}", f"Content-Type: {kind}", "Connection: close", *more, "", ""]
    ).encode()


def event(delta: dict[str, Any] | None = None, **choice: Any) -> bytes:
    chunk = {
        "id": "1",
        "object": "chat.completion.chunk",
        "choices": [{"index": 0, "delta": delta or {}, **choice}],
    }
    return f"data: {json.dumps(chunk)}\n\n".encode()


def said(text: str) -> bytes:
    return event({"content": text})


END = event(finish_reason="stop") + b"data: [DONE]\n\n"


def replying(*parts: bytes) -> Answer:
    """Sends the parts, then closes the connection."""

    def answer(request: Request, send: Send) -> None:
        for part in parts:
            send(part)

    return answer


def hanging(*parts: bytes) -> Answer:
    """Sends the parts, then nothing until the client goes."""

    def answer(request: Request, send: Send) -> None:
        for part in parts:
            send(part)
        request.gone.wait(30)

    return answer


def failing(status: str, text: str = "", *more: str) -> Answer:
    return replying(head(status, "application/json", *more), text.encode())


@contextmanager
def broken_server(*answers: Answer, listing: Any = LISTING) -> Iterator[Broken]:
    """A server that answers the requests for a reply one after the other, the last answer over and over."""
    listener = socket.create_server(("127.0.0.1", 0))
    server = Broken(f"http://127.0.0.1:{listener.getsockname()[1]}")
    left = list(answers)
    connections: list[socket.socket] = []

    def talk(connection: socket.socket) -> None:
        with connection:
            request = _read(connection)
            if request is None:
                return
            if request.line.startswith("GET "):
                answer = replying(head(kind="application/json"), json.dumps(listing).encode())
            else:
                server.requests.append(request)
                answer = left.pop(0) if len(left) > 1 else left[0]
            threading.Thread(target=_watch, args=(connection, request.gone), daemon=True).start()
            with suppress(OSError):
                answer(request, connection.sendall)
            with suppress(OSError):  # closing alone says nothing while the watcher reads
                connection.shutdown(socket.SHUT_RDWR)

    def accept() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            connections.append(connection)
            threading.Thread(target=talk, args=(connection,), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield server
    finally:
        listener.close()
        for connection in connections:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)


def _read(connection: socket.socket) -> Request | None:
    if connection.recv(1, socket.MSG_PEEK) == b"\x16":  # TLS, which is not spoken here
        connection.sendall(head("400 Bad Request"))
        return None
    with connection.makefile("rb") as file:
        line = file.readline().decode("latin-1").strip()
        headers = {}
        while raw := file.readline().decode("latin-1").strip():
            name, _, value = raw.partition(":")
            headers[name.lower()] = value.strip()
        if not line:
            return None
        body = file.read(int(headers.get("content-length", 0)))
    return Request(line, headers, json.loads(body) if body else {})


def _watch(connection: socket.socket, gone: threading.Event) -> None:
    try:
        while connection.recv(1024):
            pass
    except OSError:
        pass
    gone.set()
