"""`tracedoc serve`: the chat in the browser, with the HTTP API beside it."""

import argparse

from assistant.settings import value


def add(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--host", default=value("GRADIO_SERVER_NAME", "127.0.0.1"), help="address to bind to"
    )
    command.add_argument(
        "--port", type=int, default=value("GRADIO_SERVER_PORT", "7860"), help="port to bind to"
    )
    command.add_argument(
        "--lang",
        choices=("auto", "en", "zh"),
        default=value("TRACEDOC_LANG", "auto"),
        help="language of answers",
    )
    command.add_argument(
        "--rate", type=int, default=None, help="requests per address and minute (0: no limit)"
    )
    command.add_argument("--open", action="store_true", help="open the browser once the server answers")


def run(arguments: argparse.Namespace) -> int:
    from assistant.web.server import serve

    return serve(arguments.host, arguments.port, arguments.lang, arguments.rate, open_browser=arguments.open)
