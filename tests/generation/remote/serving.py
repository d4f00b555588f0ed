"""`transformers serve` with a tiny model: started once in a process of tests, ended with it."""

import atexit
import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import httpx
import pytest

from tests.conftest import ROOT, free_port

_MADE_FROM = (
    "tests/generation/remote/tiny_chat.py",
    "assistant/generation/remote/texts.toml",
    "constraints.txt",
)


@dataclass(frozen=True)
class Serving:
    """A running `transformers serve`: its address, and the model's name there."""

    url: str
    model: str


@cache
def served() -> Serving:
    """A real OpenAI-compatible server."""
    model, port = tiny_chat(), free_port()
    folder = Path(tempfile.mkdtemp(prefix="tracedoc-serving-"))
    (folder / "hub").mkdir()
    log = folder / "log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [
                *(sys.executable, "-c", "from transformers.cli.transformers import main; main()", "serve"),
                *(str(model), "--host", "127.0.0.1", "--port", str(port), "--device", "cpu"),
            ],
            env={**os.environ, "HF_HUB_OFFLINE": "1", "HF_HOME": str(folder), "OMP_NUM_THREADS": "1"},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
        )
    atexit.register(_end, process, folder)
    url = f"http://127.0.0.1:{port}"
    _wait(process, url, log)
    return Serving(url, str(model))


def tiny_chat() -> Path:
    """The folder of the tiny model. It stays between runs, and two workers do not make it twice."""
    digest = hashlib.sha256()
    for name in _MADE_FROM:
        digest.update((ROOT / name).read_bytes())
    folder = Path(tempfile.gettempdir()) / f"tracedoc-tests-{os.getuid()}" / f"tiny-{digest.hexdigest()[:12]}"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "model.safetensors").exists():
            subprocess.run(
                [sys.executable, "-m", "tests.generation.remote.tiny_chat", str(folder)],
                cwd=ROOT,
                check=True,
                capture_output=True,
            )
    return folder


def _wait(process: "subprocess.Popen[bytes]", url: str, log: Path) -> None:
    end = time.monotonic() + 240
    while time.monotonic() < end and process.poll() is None:
        try:
            if httpx.get(f"{url}/health", timeout=5).status_code == 200:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.2)
    pytest.fail(f"transformers serve did not start: {log.read_text(errors='replace')[-2_000:]}")


def _end(process: "subprocess.Popen[bytes]", folder: Path) -> None:
    process.terminate()
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    shutil.rmtree(folder, ignore_errors=True)
