"""The Hub as seen from here, the token's presence, proxies, and the ports that launchers take."""

from __future__ import annotations

import os
import re
import socket
import ssl
import time
import urllib.error
import urllib.request
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Any

_HUB_SECONDS = 1.4
_LAUNCHER_PORTS = (29500,)
_OFF = ("", "0", "no", "off", "false")


def hub() -> dict[str, Any]:
    """Whether the Hub answers, within a second and a half, and whether there is a token (never its value)."""
    endpoint = (os.environ.get("HF_ENDPOINT") or "https://huggingface.co").rstrip("/")
    found: dict[str, Any] = {"endpoint": re.sub(r"(?<=://)[^/@\s]+@", "", endpoint)}
    token = token_source()
    found["token"] = token or "none"
    proxies = urllib.request.getproxies()
    if proxies:
        found["proxy"] = sorted(proxies)
    if any(
        os.environ.get(name, "").lower() not in _OFF for name in ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE")
    ):
        found["reachable"] = False
        found["why"] = "offline mode"
        return {"environment": {"hub": found}}
    started = time.monotonic()
    why = _why_unreachable(endpoint + "/robots.txt")
    found["reachable"] = not why
    if why:
        found["why"] = why
    else:
        found["ms"] = round((time.monotonic() - started) * 1000)
    return {"environment": {"hub": found}}


def _why_unreachable(address: str) -> str:
    """ "" where the address answers, else the kind of failure."""
    request = urllib.request.Request(address, headers={"User-Agent": "python"})
    try:
        with urllib.request.urlopen(request, timeout=_HUB_SECONDS):
            return ""
    except urllib.error.HTTPError as error:
        return {407: "the proxy wants a login"}.get(
            error.code, "" if error.code < 500 else f"HTTP {error.code}"
        )
    except (OSError, ValueError) as error:
        return _kind_of_failure(getattr(error, "reason", error))


def _kind_of_failure(reason: object) -> str:
    if isinstance(reason, ssl.SSLCertVerificationError):
        return "certificate not trusted"
    if isinstance(reason, ssl.SSLError):
        return "TLS failure"
    if isinstance(reason, socket.gaierror):
        return "name not resolved"
    if isinstance(reason, ConnectionRefusedError):
        return "connection refused"
    if isinstance(reason, socket.timeout) or "timed out" in str(reason):
        return "no answer in time"
    return type(reason).__name__ if isinstance(reason, BaseException) else str(reason)[:80]


def token_source() -> str:
    """Where a Hub token would be taken from: "variable" or "file", "" where there is none."""
    for name in ("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN"):
        if os.environ.get(name, "").strip():
            return "variable"
    cache = os.environ.get("XDG_CACHE_HOME") or os.path.join("~", ".cache")
    home = os.environ.get("HF_HOME") or os.path.join(cache, "huggingface")
    path = os.path.expanduser(os.environ.get("HF_TOKEN_PATH") or os.path.join(home, "token"))
    try:
        return "file" if os.path.getsize(path) else ""
    except OSError:
        return ""


def ports() -> dict[str, Any]:
    """Which of the ports that launchers take by default cannot be bound."""
    wanted = set(_LAUNCHER_PORTS)
    if os.environ.get("MASTER_PORT", "").isdigit() and int(os.environ["MASTER_PORT"]) < 65536:
        wanted.add(int(os.environ["MASTER_PORT"]))
    return {"environment": {"ports_in_use": [port for port in sorted(wanted) if not _can_bind(port)]}}


def _can_bind(port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind(("", port))
        except PermissionError:
            return True  # forbidden to us is not taken
        except OSError:
            return False
    return True
