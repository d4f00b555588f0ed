"""At most so many requests per address and minute, for a server that strangers can reach."""

import time
from collections import OrderedDict, deque
from collections.abc import Callable
from ipaddress import ip_address

from fastapi import FastAPI
from fastapi.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

_ADDRESSES = 10_000
_LIMITED = ("/api/", "/gradio_api/queue/join", "/gradio_api/call/", "/gradio_api/run/", "/gradio_api/upload")


class RateLimit:
    """ASGI middleware that answers 429 to an address that asks too often."""

    def __init__(
        self, app: ASGIApp, per_minute: int, proxies: int = 0, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.app = app
        self.per_minute = per_minute
        self.proxies = proxies
        self.clock = clock
        self._seen: OrderedDict[str, deque[float]] = OrderedDict()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        limited = scope["type"] == "http" and scope["method"] == "POST" and scope["path"].startswith(_LIMITED)
        wait = self.wait(visitor(scope, self.proxies)) if limited else 0
        if wait:
            message = (
                f"too many requests: {self.per_minute} a minute are allowed; try again in {wait} seconds."
            )
            response = JSONResponse({"error": message}, 429, headers={"Retry-After": str(wait)})
            await response(scope, receive, send)
        else:
            await self.app(scope, receive, send)

    def wait(self, address: str) -> int:
        """Counts a request of an address; the seconds to wait if it is one too many, else 0."""
        now = self.clock()
        times = self._seen.setdefault(address, deque())
        self._seen.move_to_end(address)
        while times and now - times[0] >= 60:
            times.popleft()
        if len(times) >= self.per_minute:
            return int(60 - (now - times[0])) + 1
        times.append(now)
        if len(self._seen) > _ADDRESSES:
            self._seen.popitem(last=False)
        return 0


def visitor(scope: Scope, proxies: int = 0) -> str:
    """The address that a request comes from. Behind so many proxies, each of which appends whom it heard from to
    X-Forwarded-For, it is the one that the first of them appended: what stands before that, a visitor may have
    written. Addresses of the host's own network count for no proxy."""
    peer: str = (scope.get("client") or ("?",))[0]
    if not proxies:
        return peer
    stated = [value.decode("latin-1") for name, value in scope["headers"] if name == b"x-forwarded-for"]
    public = [each.strip() for each in ",".join(stated).split(",") if _is_public(each.strip())]
    return public[-proxies] if len(public) >= proxies else public[0] if public else peer


def _is_public(address: str) -> bool:
    try:
        return ip_address(address).is_global
    except ValueError:
        return False


def limit_rate(app: FastAPI, per_minute: int, proxies: int = 0) -> None:
    """Limits an app's requests per address and minute (0: no limit), behind so many proxies."""
    if per_minute > 0:
        app.add_middleware(RateLimit, per_minute=per_minute, proxies=proxies)
