"""The process that looks into the installed libraries, and what it may look into."""

import importlib.metadata
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from assistant.reference.homes import names as names

WORKER = Path(__file__).parent / "worker.py"
_POLL_SECONDS = 0.05
_ENVIRONMENT = ("PATH", "HOME", "USERPROFILE", "SYSTEMROOT", "TEMP", "TMP", "TMPDIR", "LD_LIBRARY_PATH")
"""Variables that the process gets: no tokens, no settings."""


def versions() -> Mapping[str, str]:
    """The versions of the installed packages that are looked into."""
    found = {}
    for package in names()["packages"]:
        try:
            found[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found


def ask(asked: Mapping[str, Any], seconds: float, cancelled: threading.Event | None) -> dict[str, Any] | None:
    """What the worker finds; None where it fails, takes too long, or is cancelled."""
    environment = {name: os.environ[name] for name in _ENVIRONMENT if name in os.environ}
    environment |= {
        "HF_HUB_OFFLINE": "1",
        "CUDA_VISIBLE_DEVICES": "",
        "OMP_NUM_THREADS": "1",
        "PYTHONUTF8": "1",
    }
    process = subprocess.Popen(
        [sys.executable, "-P", str(WORKER)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=environment,
        text=True,
        encoding="utf-8",
    )
    end = time.monotonic() + seconds
    sent: str | None = json.dumps({**names(), **asked})
    while True:
        try:
            output, _ = process.communicate(sent, timeout=_POLL_SECONDS)
            break
        except subprocess.TimeoutExpired:
            sent = None  # communicate goes on with what it was given first
            if time.monotonic() > end or (cancelled is not None and cancelled.is_set()):
                process.kill()
                process.communicate()
                return None
    try:
        found: dict[str, Any] = json.loads(output)
    except ValueError:
        return None
    return found
