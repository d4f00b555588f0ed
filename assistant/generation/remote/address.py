"""The address of a model server as people write it."""

import ipaddress
import re
from dataclasses import dataclass, field
from urllib.parse import SplitResult, unquote, urlsplit

from assistant.errors import UserError

_SCHEME = re.compile(r"https?://", re.IGNORECASE)
_VERSIONED = re.compile(r"/v\d[\w.]*$")
_ENDPOINT = re.compile(r"/(?:chat/completions|completions|models)$")
_HOST = re.compile(r"[A-Za-z0-9.:_-]+")


@dataclass(frozen=True, slots=True)
class Address:
    """Where a server is. `base` ends with the API's version (`http://gpu:8000/v1`) and holds no
    credentials, `name` is host and port for people, `model` what the address asks for ("" if
    nothing), `login` a user and password for the server's proxy."""

    base: str
    name: str
    model: str = ""
    login: tuple[str, str] | None = field(default=None, repr=False)
    local: bool = False


def is_address(text: str) -> bool:
    """Whether a model's name is an address of a server."""
    return bool(_SCHEME.match(text.strip()))


def parse_address(url: str) -> Address:
    """Reads `http://host:port`, with or without `/v1`, and with `#MODEL` for one of its models.
    Raises UserError (2) for what is no address; the message repeats no credentials."""
    text = url.strip()
    if "://" not in text:
        text = f"http://{text}"
    try:
        parts = urlsplit(text)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        host, port, parts = "", None, urlsplit("")
    if parts.scheme.lower() not in ("http", "https") or not _HOST.fullmatch(host) or port == 0:
        raise UserError(
            "The address of the model server cannot be read: write it as http://HOST:PORT or https://HOST/v1."
        )
    shown = f"[{host}]" if ":" in host else host
    name = shown if port is None else f"{shown}:{port}"
    base = f"{parts.scheme.lower()}://{name}{_path(parts.path)}"
    return Address(base, name, unquote(parts.fragment), _login(parts), _is_local(host))


def _path(path: str) -> str:
    """The path up to the API's version, which is added where a server's bare address was given."""
    path = _ENDPOINT.sub("", path.rstrip("/")).rstrip("/")
    if _VERSIONED.search(path) or re.search(r"/v\d[\w.]*/", path):
        return path
    return f"{path}/v1"


def _login(parts: SplitResult) -> tuple[str, str] | None:
    if parts.username is None and parts.password is None:
        return None
    return unquote(parts.username or ""), unquote(parts.password or "")


def _is_local(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
