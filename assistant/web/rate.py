"""At most so many requests per address and minute, for a server that strangers can reach."""

import time
from collections import OrderedDict, deque
from collections.abc import Awaitable, Callable
from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse

_ADDRESSES = 10_000
_LIMITED = ("/api/", "/gradio_api/queue/join", "/gradio_api/call/", "/gradio_api/run/", "/gradio_api/upload")


def limit_rate(app: FastAPI, per_minute: int) -> None:
    """Answers 429 to an address that asks more than `per_minute` times in a minute; 0: no limit."""
    if per_minute <= 0:
        return
    seen: OrderedDict[str, deque[float]] = OrderedDict()

    @app.middleware("http")
    async def check(request: Request, go_on: Callable[[Request], Awaitable[Any]]) -> Any:
        if request.method != "POST" or not request.url.path.startswith(_LIMITED):
            return await go_on(request)
        address = request.client.host if request.client else "?"
        now = time.monotonic()
        times = seen.setdefault(address, deque())
        seen.move_to_end(address)
        while times and now - times[0] > 60:
            times.popleft()
        if len(times) >= per_minute:
            wait = int(60 - (now - times[0])) + 1
            message = f"too many requests: {per_minute} a minute are allowed; try again in {wait} seconds."
            return JSONResponse({"error": message}, 429, headers={"Retry-After": str(wait)})
        times.append(now)
        if len(seen) > _ADDRESSES:
            seen.popitem(last=False)
        return await go_on(request)
