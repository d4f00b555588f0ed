"""What the Hub's client raises, from a local server that answers as the Hub does."""

import contextlib
import threading
from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from tests.proofs import tiny
from tests.proofs.proof import proof

_SHA, _BODY = "0" * 40, b'{"id": "owner/model"}'


@proof("hub-access-refused", "gated-not-accepted", says="Cannot access gated repo for url")
def gated(fixed: bool, folder: Path) -> None:
    with _hub(*(() if fixed else (403, {"X-Error-Code": "GatedRepo"}))) as address:
        _download(address, folder)


@proof("hub-access-refused", "no-token", says="401 Client Error")
def no_token(fixed: bool, folder: Path) -> None:
    reason = "Access to model owner/model is restricted. You must have access to it and be authenticated to access it."
    refusal = {"X-Error-Code": "GatedRepo", "X-Error-Message": reason}
    with _hub(401, refusal, unless="Bearer hf_secret") as address:
        _download(address, folder, token="hf_secret" if fixed else False)


@proof("hub-repo-not-found", "misspelt-or-moved", says="Repository Not Found for url")
def misspelt(fixed: bool, folder: Path) -> None:
    with _hub(*(() if fixed else (404, {"X-Error-Code": "RepoNotFound"}))) as address:
        _download(address, folder)


@proof("hub-repo-not-found", "revision", says="Revision Not Found for url")
def no_such_revision(fixed: bool, folder: Path) -> None:
    with _hub(*(() if fixed else (404, {"X-Error-Code": "RevisionNotFound"}))) as address:
        _download(address, folder)


@proof("hub-repo-not-found", "file-in-repo", says="Entry Not Found for url")
def no_such_file(fixed: bool, folder: Path) -> None:
    with _hub(*(() if fixed else (404, {"X-Error-Code": "EntryNotFound"}))) as address:
        _download(address, folder)


@proof("hub-repo-not-found", "local-path-taken-as-repo", says="Repo id must")
def path_that_does_not_exist(fixed: bool, folder: Path) -> None:
    from transformers import AutoConfig

    tiny.llama_config().save_pretrained(folder / "final")
    AutoConfig.from_pretrained(str(folder / ("final" if fixed else "finall")))


@proof("hub-rate-limited", "anonymous", says="429 Too Many Requests", also="I have no token.")
def too_many_requests(fixed: bool) -> None:
    from huggingface_hub import HfApi

    with _hub(429, {"Retry-After": "0"}, unless="Bearer hf_secret") as address:
        HfApi(address, token="hf_secret" if fixed else False).model_info("owner/model")


@proof("hub-unreachable", "offline-flag-set", says="offline mode is enabled", terminal=True)
def offline_without_the_file(fixed: bool, folder: Path) -> None:
    from huggingface_hub import constants

    before = constants.HF_HUB_OFFLINE
    constants.HF_HUB_OFFLINE = not fixed
    try:
        with _hub() as address:
            _download(address, folder)
    finally:
        constants.HF_HUB_OFFLINE = before


def _download(address: str, folder: Path, token: str | bool = False) -> None:
    from huggingface_hub import hf_hub_download

    hf_hub_download("owner/model", "config.json", endpoint=address, cache_dir=folder, token=token)


@contextlib.contextmanager
def _hub(status: int = 200, headers: Mapping[str, str] | None = None, unless: str = "") -> Iterator[str]:
    """A server that refuses with a status and the Hub's headers, or serves a file; `unless` is the
    authorization that it accepts."""

    class Answers(BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            refused = status != 200 and not (unless and self.headers.get("Authorization") == unless)
            given = (headers or {}) if refused else {"ETag": f'"{_SHA}"', "X-Repo-Commit": _SHA}
            self.send_response(status if refused else 200)
            for name, value in {**given, "Content-Length": str(len(_BODY))}.items():
                self.send_header(name, value)
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(_BODY)

        do_GET = do_HEAD

        def log_message(self, format: str, *arguments: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
