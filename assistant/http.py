"""The HTTP API on the page's port: /api/ask, /api/search, /api/plan, /api/check,
/api/doctor, /health, /metrics.

Bad input gets status 400 (413 where it is too large) and `{"error": "one sentence"}`. Reading the
body is all that happens on the event loop.
"""

import json
import threading
import traceback
from collections.abc import Callable
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, Response
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect

from assistant.answering import Answer
from assistant.cli.ask import PRESETS
from assistant.config import as_json as as_findings
from assistant.config import check_text, from_case
from assistant.contract import as_json, hits_as_json
from assistant.errors import UserError
from assistant.limits import MAX_INPUT
from assistant.machine import as_json as as_report
from assistant.machine import case_facts, read_report
from assistant.machine.explained import explain_paste
from assistant.memory.api import plan_json
from assistant.metrics import CONTENT_TYPE
from assistant.pipeline import Options, search
from assistant.service import Service

if TYPE_CHECKING:
    from assistant.generation.reply import Reply

Body = dict[str, Any]

_MAX_TURNS = 200
_DRAINED = 3 * MAX_INPUT
"""Bytes that are read of a request that is too large, so that its sender gets to see our answer."""


class _TooLarge(UserError):
    """The request is over the limit."""


def add_routes(app: FastAPI, service: Service) -> None:
    """Adds the API of a service to an app."""

    @app.get("/health")
    def health() -> JSONResponse:
        body = {
            "status": "ok" if service.ready else "starting",
            "stage": service.stage,
            "model": asdict(service.host.status),
        }
        return JSONResponse(body, 200 if service.ready else 503)

    @app.get("/metrics")
    def metrics() -> Response:
        return Response(service.metrics.text(), media_type=CONTENT_TYPE)

    works: dict[str, Callable[[Body], Body]] = {
        "ask": lambda body: _ask(service, body),
        "search": lambda body: _search(service, body),
        "plan": plan_json,
        "check": _check,
        "doctor": lambda body: _doctor(service, body),
    }

    @app.api_route("/api/{name:path}", methods=["GET", "POST", "PUT", "PATCH", "DELETE"])
    async def api(name: str, request: Request) -> JSONResponse:
        if name not in works:
            return _error(
                f"there is no /api/{name[:80]}: use {' or '.join(f'/api/{each}' for each in works)}.", 404
            )
        if request.method != "POST":
            return _error(f"/api/{name} takes POST with a JSON object.", 405, {"Allow": "POST"})
        return await _answered(request, works[name])


def _ask(service: Service, body: Body) -> Body:
    turns = body.get("turns", [body["input"]] if "input" in body else None)
    if not isinstance(turns, list) or not turns or not all(isinstance(turn, str) for turn in turns):
        raise UserError("the body must be a JSON object with `input` (a text) or `turns` (a list of texts).")
    if len(turns) > _MAX_TURNS:
        raise UserError(f"`turns` may hold at most {_MAX_TURNS} messages.")
    name = body.get("id")
    if isinstance(name, bool) or not isinstance(name, str | int | None):
        raise UserError("`id` must be a text or a number.")
    options = Options(
        lang=_choice(body, "lang", ("auto", "en", "zh"), "auto"),
        length=_choice(body, "length", ("full", "short"), "full"),
        preset=_choice(body, "preset", PRESETS, "auto"),
        machine=_text(body, "machine"),
        adapter=_choice(body, "adapter", ("auto", "none"), "auto"),
    )
    wanted = _choice(body, "model", ("none", "auto"), "none")
    whole = [_whole(turn) for turn in turns]
    answer = service.answer(whole, options)
    reply = _reply(service, whole, answer, options) if wanted == "auto" else None
    return as_json(answer, _whole(name) if isinstance(name, str) else name, reply)


def _reply(service: Service, turns: list[str], answer: Answer, options: Options) -> "Reply | None":
    """The server's model's reply. Raises UserError (code 3) while there is no model."""
    status = service.host.status
    if status.state != "ready":
        why = status.reason or "no language model is in use"
        still = status.state in ("preparing", "loading")
        raise UserError(
            "the model is not ready yet: ask again later." if still else f"there is no model: {why}", 3
        )
    *_, last = [None, *service.explain(turns, answer, options, "api", threading.Event())]
    return last


def _doctor(service: Service, body: Body) -> Body:
    text = _text(body, "input")
    if not text.strip():
        raise UserError(
            "`input` must be a pasted report: what `tracedoc doctor --json`, nvidia-smi or pip list print."
        )
    report, found, _ = explain_paste(
        service.engine, text, _choice(body, "lang", ("auto", "en", "zh"), "auto")
    )
    return as_report(report, found)


def _check(body: Body) -> Body:
    """The findings of a text, for `input` with an optional `file` name, `lang`, and `machine` (a report)."""
    text, name = _text(body, "input"), _text(body, "file")
    lang = _choice(body, "lang", ("en", "zh"), "en")
    machine = _text(body, "machine")
    facts = from_case(case_facts(read_report(machine)) if machine.strip() else {})
    return as_findings(check_text(text, name[:200], facts, lang))


def _search(service: Service, body: Body) -> Body:
    query, k = _text(body, "query"), body.get("k", 5)
    if not query.strip():
        raise UserError("`query` must be a text.")
    if not isinstance(k, int) or isinstance(k, bool) or not 1 <= k <= 100:
        raise UserError("`k` must be a whole number from 1 to 100.")
    if not service.ready:
        raise UserError(f"search is not ready: {service.stage}.", 3)
    return hits_as_json(query, search(service.engine, query, k))


async def _answered(request: Request, work: Callable[[Body], Body]) -> JSONResponse:
    try:
        data = await _read(request)
        return JSONResponse(await run_in_threadpool(lambda: work(_parsed(data))))
    except UserError as error:
        return _error(str(error), 413 if isinstance(error, _TooLarge) else 503 if error.code == 3 else 400)
    except ClientDisconnect:
        return _error("the request ended early.", 400)
    except Exception:  # whatever it is, the caller gets JSON, and the log the traceback
        traceback.print_exc()
        return _error("something went wrong on the server; its log has the details.", 500)


async def _read(request: Request) -> bytes:
    data = bytearray()
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size <= MAX_INPUT:
            data += chunk
        if size > _DRAINED:
            break
    if size > MAX_INPUT:
        raise _TooLarge(f"the request is larger than {MAX_INPUT >> 20} MB.")
    return bytes(data)


def _parsed(data: bytes) -> Body:
    try:
        body = json.loads(data.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise UserError("the body is not valid UTF-8.") from None
    except RecursionError:
        raise UserError("the body is nested too deeply.") from None
    except ValueError:
        raise UserError('the body is not JSON: send an object such as {"input": "…"}.') from None
    if not isinstance(body, dict):
        raise UserError('the body must be a JSON object such as {"input": "…"}.')
    return body


def _choice(body: Body, name: str, allowed: tuple[str, ...], default: str) -> str:
    chosen = body.get(name, default)
    if chosen not in allowed:
        raise UserError(f"`{name}` must be one of {', '.join(allowed)}.")
    return str(chosen)


def _text(body: Body, name: str) -> str:
    text = body.get(name, "")
    if not isinstance(text, str):
        raise UserError(f"`{name}` must be a text.")
    return _whole(text)


def _whole(text: str) -> str:
    r"""A text without halves of surrogate pairs (`"\ud800"`), which no answer could carry."""
    return text.encode(errors="replace").decode()


def _error(sentence: str, status: int, headers: dict[str, str] | None = None) -> JSONResponse:
    return JSONResponse({"error": sentence}, status, headers=headers)
