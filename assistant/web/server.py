"""Runs the page and the HTTP API on one port."""

import asyncio
import errno
import gc
import logging
import os
import signal
import socket
import sys
import threading
import time
import urllib.request
import webbrowser
from typing import TYPE_CHECKING

from assistant.errors import UserError
from assistant.service import Service
from assistant.settings import data_folder, on_space, value
from assistant.space.place import Hardware, proxies

if TYPE_CHECKING:
    from fastapi import FastAPI

    from assistant.store import Store

LOCAL = ("127.0.0.1", "localhost", "::1")
_START_SECONDS = 60


def serve(
    host: str,
    port: int,
    lang: str,
    rate: int | None,
    *,
    model: str = "none",
    adapter: str = "auto",
    open_browser: bool = False,
) -> int:
    """Serves until it is stopped. Raises UserError where the port cannot be had (code 3), or the model
    cannot be meant (code 2)."""
    gc.disable()
    from assistant.space import start
    from assistant.store import Store

    per_minute, trusted = _rate(host, rate), proxies()
    _check_port(host, port)
    os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
    print("tracedoc: starting …", file=sys.stderr, flush=True)
    place = start.prepare()
    service = Service(here=host in LOCAL and not on_space())
    store = Store.open(data_folder())
    keeper = start.keep_feedback(store)
    start.use_model(service, place, model, adapter)
    service.start()
    threading.Thread(target=_collect_again, args=(service,), name="collector", daemon=True).start()
    import uvicorn

    address = address_of(host, port)
    app = build_app(
        service, lang, per_minute, may_choose=host in LOCAL, store=store, place=place if on_space() else None
    )
    start.report(app.state.page, place, port)
    app.router.on_startup.append(lambda: print(f"tracedoc: {address}", file=sys.stderr, flush=True))
    if open_browser:
        threading.Thread(target=_open_when_up, args=(address,), name="browser", daemon=True).start()
    logging.getLogger("uvicorn.error").addFilter(_is_news)
    # uvicorn raises the signal again when it has stopped, which would end the process before what is below
    signal.signal(signal.SIGTERM, _end)
    try:
        uvicorn.run(
            app,
            host=host,
            port=port,
            log_level="warning",
            timeout_graceful_shutdown=1,
            proxy_headers=trusted > 0,
            forwarded_allow_ips="*",
        )
    finally:
        keeper.close()
        service.close()
    return 0


def _collect_again(service: Service) -> None:
    """Switches the collector of cycles on again once the start is over, without what the start made. What gradio,
    torch and transformers make on import stays for good; looking through it again and again was a third of the
    start (bench_lm_serve)."""
    end = time.monotonic() + _START_SECONDS
    while time.monotonic() < end and (
        service.state in ("starting", "loading") or service.host.status.state in ("preparing", "loading")
    ):
        time.sleep(0.25)
    gc.freeze()
    gc.enable()


def build_app(
    service: Service,
    lang: str = "auto",
    rate: int = 0,
    *,
    may_choose: bool = True,
    store: "Store | None" = None,
    place: Hardware | None = None,
) -> "FastAPI":
    """The page, mounted on an app that has the API's routes. `may_choose`: whether the page's visitors
    may exchange the language model; `place`: the hardware of the Space that this is, None elsewhere."""
    import gradio as gr
    from fastapi import FastAPI

    from assistant.http import add_routes
    from assistant.space.note import add_script, page_words
    from assistant.store import Store
    from assistant.web.model_settings import translations as model_words
    from assistant.web.page import build_page, mount_options
    from assistant.web.rate import limit_rate
    from assistant.web.words import translations

    app = FastAPI(title="Tracedoc", docs_url=None, redoc_url=None, openapi_url=None)
    add_routes(app, service)
    add_script(app)
    limit_rate(app, rate, proxies())
    on = page_words(place) if place else {}
    i18n = translations({name: {**said, **on.get(name, {})} for name, said in model_words().items()})
    store = store or Store.open(data_folder())
    page = build_page(service, store, lang, i18n, may_choose=may_choose, note=bool(on))
    app.state.page = page
    page.queue(max_size=256, default_concurrency_limit=None)
    gr.mount_gradio_app(app, page, path="", i18n=i18n, **mount_options())
    return app


def address_of(host: str, port: int) -> str:
    """The address that a browser on this machine opens."""
    shown = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)
    return f"http://{shown}:{port}"


def _end(*_: object) -> None:
    raise SystemExit(0)


def _open_when_up(address: str) -> None:
    """Opens the browser once the page answers; a machine without one stays silent."""
    for _ in range(120):
        try:
            with urllib.request.urlopen(f"{address}/theme.css", timeout=5):
                break
        except OSError:
            threading.Event().wait(0.25)
    try:
        webbrowser.open(address)
    except (webbrowser.Error, OSError):
        return


def _is_news(record: logging.LogRecord) -> bool:
    """Whether the web server's message is worth a line: that open pages are cut off at the end is not."""
    cut_off = record.exc_info and isinstance(record.exc_info[1], asyncio.CancelledError)
    return not cut_off and "graceful shutdown exceeded" not in record.getMessage()


def _rate(host: str, rate: int | None) -> int:
    if rate is not None:
        return rate
    stated = value("TRACEDOC_RATE", "")
    if stated.isdigit():
        return int(stated)
    if stated:
        raise UserError(f"TRACEDOC_RATE must be a whole number, not {stated!r}.")
    return 0 if host in LOCAL else 60


def _check_port(host: str, port: int) -> None:
    """Says in one sentence what uvicorn would say in a traceback."""
    if not 1 <= port <= 65_535:
        raise UserError(f"the port must be between 1 and 65535, not {port}.", 3)
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, port))
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise UserError(
                f"port {port} is in use: stop what runs there, or choose another with `--port {port + 1}`.", 3
            ) from None
        raise UserError(f"cannot bind to {host}:{port}: {error.strerror or error}.", 3) from None
    except (UnicodeError, ValueError) as error:
        raise UserError(f"cannot bind to {host}:{port}: {error}.", 3) from None
