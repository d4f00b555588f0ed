"""The HTTP API on the page's port: /api/ask, /api/search, /health.

Bad input gets status 400 (413 where it is too large) and `{"error": "one sentence"}`.
"""

import json
from collections.abc import Callable
from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from starlette.concurrency import run_in_threadpool

from assistant.cli.ask import PRESETS
from assistant.contract import as_json, hits_as_json
from assistant.errors import UserError
from assistant.limits import MAX_INPUT
from assistant.pipeline import Options
from assistant.service import Service


def add_routes(app: FastAPI, service: Service) -> None:
    """Adds the API of a service to an app."""

    @app.get("/health")
    def health() -> JSONResponse:
        body = {"status": "ok" if service.ready else "starting", "stage": service.stage, "model": None}
        return JSONResponse(body, 200 if service.ready else 503)

    @app.post("/api/ask")
    async def ask(request: Request) -> JSONResponse:
        return await _answered(request, lambda body: _ask(service, body))

    @app.post("/api/search")
    async def search(request: Request) -> JSONResponse:
        return await _answered(request, lambda body: _search(service, body))


def _ask(service: Service, body: dict[str, Any]) -> dict[str, Any]:
    turns = body.get("turns", [body["input"]] if "input" in body else None)
    if not isinstance(turns, list) or not turns or not all(isinstance(turn, str) for turn in turns):
        raise UserError("the body must be a JSON object with `input` (a text) or `turns` (a list of texts).")
    options = Options(
        lang=_choice(body, "lang", ("auto", "en", "zh"), "auto"),
        length=_choice(body, "length", ("full", "short"), "full"),
        preset=_choice(body, "preset", PRESETS, "auto"),
        machine=_text(body, "machine"),
    )
    if body.get("model", "none") != "none":
        raise UserError('this version answers without a language model: use `model` "none".')
    return as_json(service.answer(turns, options), body.get("id"))


def _search(service: Service, body: dict[str, Any]) -> dict[str, Any]:
    query, k = _text(body, "query"), body.get("k", 5)
    if not query.strip():
        raise UserError("`query` must be a text.")
    if not isinstance(k, int) or isinstance(k, bool) or not 1 <= k <= 100:
        raise UserError("`k` must be a whole number from 1 to 100.")
    index = service.search()
    if index is None:
        raise UserError(f"search is not ready: {service.stage}.", 3)
    return hits_as_json(query, index.search(query, k))


async def _answered(request: Request, work: Callable[[dict[str, Any]], dict[str, Any]]) -> JSONResponse:
    try:
        body = await _body(request)
        return JSONResponse(await run_in_threadpool(work, body))
    except UserError as error:
        too_large = "larger than" in str(error)
        return JSONResponse({"error": str(error)}, 413 if too_large else 503 if error.code == 3 else 400)


async def _body(request: Request) -> dict[str, Any]:
    data = bytearray()
    async for chunk in request.stream():
        data += chunk
        if len(data) > MAX_INPUT:
            raise UserError(f"the request is larger than {MAX_INPUT >> 20} MB.")
    try:
        body = json.loads(bytes(data))
    except (ValueError, RecursionError):
        raise UserError('the body is not JSON: send an object such as {"input": "…"}.') from None
    if not isinstance(body, dict):
        raise UserError('the body must be a JSON object such as {"input": "…"}.')
    return body


def _choice(body: dict[str, Any], name: str, allowed: tuple[str, ...], default: str) -> str:
    chosen = body.get(name, default)
    if chosen not in allowed:
        raise UserError(f"`{name}` must be one of {', '.join(allowed)}.")
    return str(chosen)


def _text(body: dict[str, Any], name: str) -> str:
    text = body.get(name, "")
    if not isinstance(text, str):
        raise UserError(f"`{name}` must be a text.")
    return text
