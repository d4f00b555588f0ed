"""Runs the page and the HTTP API on one port."""

import errno
import os
import socket
import sys
from pathlib import Path

from assistant.errors import UserError
from assistant.service import Service
from assistant.settings import data_folder, value

LOCAL = ("127.0.0.1", "localhost", "::1")


def serve(host: str, port: int, lang: str, rate: int | None) -> int:
    """Serves until it is stopped. Raises UserError (code 3) where the port cannot be had."""
    _check_port(host, port)
    os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
    print("tracedoc: starting …", file=sys.stderr, flush=True)
    service = Service()
    service.start()
    import uvicorn

    app = build_app(service, lang, _rate(host, rate))
    shown = "127.0.0.1" if host == "0.0.0.0" else host
    print(f"tracedoc: http://{shown}:{port}", file=sys.stderr, flush=True)
    try:
        uvicorn.run(app, host=host, port=port, log_level="warning", timeout_graceful_shutdown=3)
    finally:
        service.close()
    return 0


def build_app(service: Service, lang: str = "auto", rate: int = 0) -> "FastAPI":  # noqa: F821
    """The page, mounted on an app that has the API's routes."""
    import gradio as gr
    from fastapi import FastAPI

    from assistant.http import add_routes
    from assistant.store import Store
    from assistant.web.page import build_page, launch_limits, translations
    from assistant.web.rate import limit_rate

    app = FastAPI(title="Tracedoc", docs_url=None, redoc_url=None, openapi_url=None)
    add_routes(app, service)
    limit_rate(app, rate)
    i18n = translations()
    page = build_page(service, Store.open(data_folder()), lang, i18n)
    page.queue(max_size=256, default_concurrency_limit=None)
    css = Path(__file__).parent / "style.css"
    return gr.mount_gradio_app(
        app,
        page,
        path="",
        theme=gr.themes.Soft(font=["system-ui", "sans-serif"], font_mono=["ui-monospace", "monospace"]),
        css_paths=[css],
        i18n=i18n,
        footer_links=[],
        ssr_mode=False,
        **launch_limits(),
    )


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
    if not 0 <= port <= 65_535:
        raise UserError(f"the port must be between 0 and 65535, not {port}.")
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
