"""One request to a model server, read object by object, never longer than it may take.

All requests of a process share one event loop in a thread of its own: a connection that hangs blocks
nobody, and giving one up closes it at once, whatever the server does.
"""

import asyncio
import queue
import threading
from collections.abc import AsyncGenerator, AsyncIterator, Iterator, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from functools import cache
from typing import Any

import httpx

from assistant.generation.remote.address import Address
from assistant.generation.remote.events import Events
from assistant.generation.remote.faults import Fault, of_connection, of_status

_POLL_SECONDS = 0.05
_ERROR_BYTES = 1 << 16
_ERROR_SECONDS = 5.0
_PRINTABLE = range(0x21, 0x7F)
_starting = threading.Lock()


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds: until a connection is accepted, until the first token, between two tokens, for a whole
    reply, and for the list of models."""

    connect: float = 5.0
    first: float = 60.0
    between: float = 30.0
    total: float = 900.0
    listing: float = 10.0


class Wire:
    """The connections to one server. Thread-safe. `key` is sent and never shown."""

    def __init__(self, address: Address, key: str | None, timeouts: Timeouts) -> None:
        self.address = address
        self.timeouts = timeouts
        self._key = key
        self._client: httpx.AsyncClient | None = None
        self._closed = False

    def stream(
        self, body: Mapping[str, Any], largest: int, cancelled: threading.Event
    ) -> Iterator[dict[str, Any]]:
        """The objects of a chat completion. Raises Fault; ends without one soon after `cancelled`."""
        waits = (self.timeouts.first, self.timeouts.between, self.timeouts.total)
        return self._objects("POST", "/chat/completions", body, largest, waits, cancelled)

    def fetch(self, path: str, cancelled: threading.Event | None = None) -> dict[str, Any]:
        """One JSON document of the API; `path` begins with "/", or with ".." for the server's root."""
        seconds = self.timeouts.listing
        waits = (seconds, seconds, seconds)
        for found in self._objects("GET", path, None, 1 << 22, waits, cancelled or threading.Event()):
            return found
        raise Fault("garbage", what="no_json")

    def close(self) -> None:
        self._closed = True
        client, self._client = self._client, None
        if client:
            asyncio.run_coroutine_threadsafe(client.aclose(), _loop())

    def _objects(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None,
        largest: int,
        waits: tuple[float, float, float],
        cancelled: threading.Event,
    ) -> Iterator[dict[str, Any]]:
        inbox: queue.SimpleQueue[dict[str, Any] | Fault | None] = queue.SimpleQueue()
        task = asyncio.run_coroutine_threadsafe(
            self._read(method, path, body, largest, waits, inbox), _loop()
        )
        try:
            while not cancelled.is_set():
                try:
                    item = inbox.get(timeout=_POLL_SECONDS)
                except queue.Empty:
                    continue
                if item is None:
                    return
                if isinstance(item, Fault):
                    raise item
                yield item
        finally:
            task.cancel()

    async def _read(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None,
        largest: int,
        waits: tuple[float, float, float],
        inbox: "queue.SimpleQueue[dict[str, Any] | Fault | None]",
    ) -> None:
        """Puts each object into the inbox, at last None or a Fault."""
        end: Fault | None = None
        try:
            async with aclosing(self._request(method, path, body, largest)) as objects:
                async for found in _in_time(objects, waits):
                    inbox.put(found)
        except Fault as fault:
            end = fault
        except asyncio.CancelledError:
            raise
        except Exception as error:  # whatever it is, the one who waits for the inbox must hear of it
            end = Fault("internal", reason=type(error).__name__)
        inbox.put(end)

    async def _request(
        self, method: str, path: str, body: Mapping[str, Any] | None, largest: int
    ) -> AsyncGenerator[dict[str, Any] | None]:
        """Sends the request and yields the objects of the response (None: bytes, but no object yet)."""
        started = False
        try:
            client = self._open()
            request = client.build_request(method, self._url(path), json=body, headers=self._headers())
            response = await client.send(request, stream=True)
            try:
                if response.status_code != 200:
                    text = await _error_text(response)
                    wait = response.headers.get("retry-after", "")
                    raise of_status(response.status_code, text, self._key, wait)
                events = Events(largest)
                async for data in response.aiter_raw():
                    started = True
                    for found in events.feed(data):
                        yield found
                    if events.done:
                        return
                    yield None
                for found in events.end():
                    yield found
            finally:
                await response.aclose()
        except httpx.ConnectTimeout:
            raise Fault("connect_timeout", seconds=self.timeouts.connect) from None
        except (httpx.ReadError, httpx.WriteError):
            raise Fault("dropped" if started else "disconnected") from None
        except httpx.RemoteProtocolError as error:
            if "disconnected" in str(error) or "peer closed" in str(error):
                raise Fault("dropped" if started else "disconnected") from None
            raise Fault("garbage", what="no_http") from None
        except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
            raise of_connection(error) from None

    def _open(self) -> httpx.AsyncClient:
        if self._closed:
            raise Fault("closed")
        if self._client is None:
            self._client = httpx.AsyncClient(
                timeout=httpx.Timeout(None, connect=self.timeouts.connect),
                limits=httpx.Limits(max_connections=None, max_keepalive_connections=8, keepalive_expiry=15),
                follow_redirects=False,
                # a proxy of the environment is for the network, not for a server on this machine
                trust_env=not self.address.local,
                auth=None if self._key else self.address.login,
            )
        return self._client

    def _url(self, path: str) -> str:
        if path.startswith(".."):
            return str(httpx.URL(self.address.base).join(path[2:]))
        return self.address.base + path

    def _headers(self) -> dict[str, str]:
        # identity: a compressed stream could unpack to any size
        headers = {"Accept-Encoding": "identity", "User-Agent": "tracedoc"}
        if self._key:
            if not all(ord(each) in _PRINTABLE for each in self._key):
                raise Fault("bad_key")
            headers["Authorization"] = f"Bearer {self._key}"
        return headers


async def _in_time(
    objects: AsyncIterator[dict[str, Any] | None], waits: tuple[float, float, float]
) -> AsyncIterator[dict[str, Any]]:
    """The objects, as long as they come in time; what brings the reply no further is no progress."""
    first, between, total = waits
    clock = asyncio.get_running_loop().time
    last, due = clock() + total, clock() + first
    late = Fault("silent_first", seconds=first)
    while True:
        try:
            async with asyncio.timeout_at(min(due, last)):
                found = await anext(objects)
        except StopAsyncIteration:
            return
        except TimeoutError:
            raise late if due < last else Fault("too_slow", seconds=total) from None
        if found is not None:
            if _advances(found):
                due, late = clock() + between, Fault("silent", seconds=between)
            yield found


def _advances(found: Mapping[str, Any]) -> bool:
    """Whether an object of a stream brings text, thought, a call or the end: not a bare sign of life."""
    choices = found.get("choices")
    if not isinstance(choices, list) or not choices or not isinstance(choices[0], dict):
        return "usage" in found or "error" in found
    delta = choices[0].get("delta")
    return bool(choices[0].get("finish_reason")) or (
        isinstance(delta, dict) and any(value for name, value in delta.items() if name != "role")
    )


async def _error_text(response: httpx.Response) -> str:
    """What comes with an error: its beginning, as far as it comes soon."""
    data = b""
    try:
        async with asyncio.timeout(_ERROR_SECONDS):
            async for part in response.aiter_raw():
                data += part
                if len(data) > _ERROR_BYTES:
                    break
    except (TimeoutError, httpx.HTTPError):
        pass
    return data[:_ERROR_BYTES].decode("utf-8", errors="replace")


def _loop() -> asyncio.AbstractEventLoop:
    with _starting:
        return _started_loop()


@cache
def _started_loop() -> asyncio.AbstractEventLoop:
    loop = asyncio.new_event_loop()
    threading.Thread(target=loop.run_forever, name="remote-model", daemon=True).start()
    return loop
