"""Fetches a model's `config.json` from the hub: one bounded request, and the hub's own cache first."""

import os
import urllib.error
import urllib.request
from pathlib import Path
from urllib.parse import quote, urlsplit

from assistant.errors import UserError

LARGEST = 4 << 20
"""Bytes of a config.json; real ones have a few thousand."""
_SECONDS = 5.0


class _SameHost(urllib.request.HTTPRedirectHandler):
    """Follows redirects, but takes the token to no other host."""

    def redirect_request(self, req, fp, code, msg, headers, newurl):  # type: ignore[no-untyped-def]
        following = super().redirect_request(req, fp, code, msg, headers, newurl)
        if following is not None and urlsplit(newurl).netloc != urlsplit(req.full_url).netloc:
            following.remove_header("Authorization")
        return following


def fetch_config(name: str) -> bytes:
    """The file's bytes. Raises UserError: code 2 where the hub has no such model or file, 3 where it
    refuses or cannot be reached."""
    cached = _cached(name)
    if cached:
        return cached.read_bytes()[: LARGEST + 1]
    if os.environ.get("HF_HUB_OFFLINE", "").upper() in ("1", "ON", "YES", "TRUE"):
        raise UserError("the hub is switched off (HF_HUB_OFFLINE)", 3)
    base = os.environ.get("HF_ENDPOINT", "https://huggingface.co").rstrip("/")
    request = urllib.request.Request(f"{base}/{quote(name)}/resolve/main/config.json")
    token = _token()
    if token:
        request.add_unredirected_header("Authorization", f"Bearer {token}")
    try:
        with urllib.request.build_opener(_SameHost).open(request, timeout=_SECONDS) as answer:
            return bytes(answer.read(LARGEST + 1))
    except urllib.error.HTTPError as error:
        if error.code in (401, 403):
            raise UserError(
                "it does not exist on the hub, or it is gated and your token has no access", 3
            ) from None
        if error.code == 404:
            raise UserError("the hub has no such model, or it has no config.json") from None
        raise UserError(f"the hub answered with status {error.code}", 3) from None
    except (OSError, ValueError) as error:
        raise UserError(f"the hub cannot be reached ({type(error).__name__})", 3) from None


def _cached(name: str) -> Path | None:
    """The file in the hub's cache folder, which is laid out by repository and snapshot."""
    home = os.environ.get("HF_HOME") or os.path.join(
        os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"), "huggingface"
    )
    folder = (
        Path(os.environ.get("HF_HUB_CACHE") or os.path.join(home, "hub"))
        / f"models--{name.replace('/', '--')}"
    )
    try:
        found = sorted(folder.glob("snapshots/*/config.json"), key=lambda file: file.stat().st_mtime)
    except OSError:
        return None
    return found[-1] if found else None


def _token() -> str | None:
    if os.environ.get("HF_TOKEN"):
        return os.environ["HF_TOKEN"].strip()
    home = os.environ.get("HF_HOME") or os.path.expanduser("~/.cache/huggingface")
    try:
        return (
            Path(os.environ.get("HF_TOKEN_PATH") or os.path.join(home, "token")).read_text("utf-8").strip()
            or None
        )
    except OSError:
        return None
