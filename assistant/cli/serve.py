"""`tracedoc serve`: the chat in the browser, with the HTTP API beside it."""

import argparse

from assistant.settings import adapter, model, on_space, value


def add(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--host",
        default=value("GRADIO_SERVER_NAME", "0.0.0.0" if on_space() else "127.0.0.1"),
        help="address to bind to",
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
    command.add_argument(
        "--model", default=model("auto"), metavar="auto|none|ID|FOLDER|URL", help="the language model"
    )
    command.add_argument(
        "--adapter", default=adapter(), metavar="auto|none|PATH", help="the adapter on that model"
    )
    command.add_argument("--open", action="store_true", help="open the browser once the server answers")


def run(arguments: argparse.Namespace) -> int:
    from assistant.web.server import serve

    return serve(
        arguments.host,
        arguments.port,
        arguments.lang,
        arguments.rate,
        model=arguments.model,
        adapter=arguments.adapter,
        open_browser=arguments.open,
    )
