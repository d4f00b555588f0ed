"""What can go wrong with a model server, each as one sentence that names the host and says what to do."""

import re
import ssl
import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from typing import Any

from assistant.reading.clean import clean
from assistant.reading.secrets import without_secrets

_DETAIL = 200
_MARKUP = str.maketrans("`<>[]|*#\\", " " * 9)
_BY_STATUS = {
    401: "unauthorized",
    403: "forbidden",
    404: "not_found",
    413: "too_long",
    429: "busy",
    503: "busy",
}
_TOO_LONG = re.compile(
    r"maximum context length|context (?:length|size|window)|exceeds? the (?:available|model)|too long|input.{0,20}tokens.{0,40}(?:must|<=|exceed)",
    re.IGNORECASE,
)


class Fault(Exception):
    """A fault of the server. `kind` is a key of texts.toml, `values` fill its sentence."""

    def __init__(self, kind: str, **values: Any) -> None:
        super().__init__(kind)
        self.kind = kind
        self.values = values

    def sentence(self, host: str, lang: str = "en") -> str:
        """One sentence for the user; `host` is named as it stands."""
        said = texts(lang)
        values = {**self.values, "host": host}
        if "what" in values:
            values["what"] = said[values["what"]]
        return said[self.kind].format(**values)


def of_status(status: int, text: str, key: str | None, wait: str = "") -> Fault:
    """The fault that an HTTP status means. `text` is what came with it, `wait` its Retry-After."""
    detail = detail_of(text, key)
    if 300 <= status < 400:
        return Fault("redirected", status=status)
    if status in (400, 422) and _TOO_LONG.search(detail):
        return Fault("too_long", status=status, detail=_in_brackets(detail), limit=_limit(detail))
    kind = _BY_STATUS.get(status, "failed" if status >= 500 else "rejected")
    if kind == "unauthorized" and key is None:
        kind = "key_wanted"
    if kind == "busy" and wait.isdecimal() and len(wait) < 5:
        return Fault("busy_until", status=status, seconds=wait)
    return Fault(kind, status=status, detail=_in_brackets(detail))


def of_connection(error: BaseException) -> Fault:
    """The fault behind an exception of the HTTP client."""
    import socket

    for cause in _causes(error):
        if isinstance(cause, ssl.SSLError):
            reason = getattr(cause, "verify_message", "") or cause.reason or "TLS"
            return Fault("tls", reason=_in_one_line(str(reason).replace("_", " ").lower(), _DETAIL))
        if isinstance(cause, socket.gaierror):
            return Fault("unknown_host")
        if isinstance(cause, ConnectionRefusedError):
            return Fault("refused")
    if "All connection attempts failed" in str(error):
        return Fault("refused")
    return Fault("unreachable", reason=_in_one_line(str(error), 80) or type(error).__name__)


def detail_of(text: str, key: str | None) -> str:
    """What a server says about its error, in one short line without secrets and markup; "" where it
    sends a page for people."""
    import json

    try:
        found = _message(json.loads(text))
    except (ValueError, RecursionError):
        found = "" if "<" in text[:200] else text
    if key:
        found = found.replace(key, "…")
    return _in_one_line(without_secrets(found[:4_000]), _DETAIL)


def _message(body: Any) -> str:
    """The sentence in an error object, wherever a server puts it."""
    if isinstance(body, str):
        return body
    if isinstance(body, list):
        return "; ".join(filter(None, (_message(each) for each in body[:3])))
    if isinstance(body, dict):
        where = ".".join(str(part) for part in body.get("loc", ()) if part != "body") if "loc" in body else ""
        for name in ("error", "message", "detail", "msg"):
            if body.get(name):
                return f"{where}: {_message(body[name])}" if where else _message(body[name])
    return ""


def _limit(detail: str) -> int | None:
    found = re.search(r"(?:maximum context length is|n_ctx[^\d]{1,8}|context size \()\s*(\d{3,7})", detail)
    return int(found[1]) if found else None


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    for _ in range(8):
        if error is None:
            return
        yield error
        if isinstance(error, BaseExceptionGroup):
            yield from error.exceptions
        error = error.__cause__ or error.__context__


def _in_one_line(text: str, limit: int) -> str:
    line = " ".join(clean(text).translate(_MARKUP).split())
    return line if len(line) <= limit else f"{line[:limit].rstrip()} …"


def _in_brackets(detail: str) -> str:
    return f" ({detail.rstrip('.')})" if detail else ""


@cache
def texts(lang: str) -> Mapping[str, str]:
    """Our sentences in a language."""
    file = files("assistant.generation.remote") / "texts.toml"
    found: Mapping[str, str] = tomllib.loads(file.read_text(encoding="utf-8"))[lang]
    return found
