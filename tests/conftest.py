"""What several folders of tests share: one real server, with an index that is built once per corpus."""

import fcntl
import hashlib
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

ROOT = Path(__file__).parent.parent


@dataclass(frozen=True)
class Server:
    """A running server: its address, its data folder and what it has printed."""

    address: str
    data: Path
    log: Path
    process: "subprocess.Popen[bytes]"


@pytest.fixture(scope="session")
def index_cache() -> Path:
    """A cache folder with a built index. It stays between runs, and two workers do not build it twice."""
    digest = hashlib.sha256()
    for file in sorted([*ROOT.glob("corpus/**/*.md"), *ROOT.glob("corpus/*.py"), *ROOT.glob("index/*.py")]):
        digest.update(file.read_bytes())
    folder = Path(tempfile.gettempdir()) / f"tracedoc-tests-{os.getuid()}" / digest.hexdigest()[:16]
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "built").exists():
            subprocess.run(
                [sys.executable, "-m", "assistant", "index", "build"],
                cwd=ROOT,
                env={**os.environ, "TRACEDOC_CACHE": str(folder), "TRACEDOC_DATA": str(folder / "no-notes")},
                check=True,
                capture_output=True,
            )
            (folder / "built").touch()
    return folder


@pytest.fixture(scope="session")
def lm_cache(index_cache: Path) -> Path:
    """The cache folder with the index, and with the embedded language model converted. It stays between
    runs; the conversion has a lock of its own."""
    from assistant.generation.stored import ensure

    ensure(index_cache)
    return index_cache


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def start_server(cache: Path, data: Path, *arguments: str, **variables: str) -> Server:
    """Starts a server and waits for its page (not for its index, nor for a model: it has none unless the
    arguments name one)."""
    if "--model" not in arguments:
        arguments = (*arguments, "--model", "none")
    data.mkdir(parents=True, exist_ok=True)
    port, log = free_port(), data.parent / f"{data.name}.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "assistant", "serve", "--port", str(port), *arguments],
            cwd=ROOT,
            env={
                **os.environ,
                "TRACEDOC_CACHE": str(cache),
                "TRACEDOC_DATA": str(data),
                "GRADIO_TEMP_DIR": str(data.parent / f"{data.name}-uploads"),
                **variables,
            },
            stdout=output,
            stderr=output,
        )
    server = Server(f"http://127.0.0.1:{port}", data, log, process)
    _wait(server, lambda: httpx.get(server.address, timeout=5).status_code == 200, 60)
    return server


def stop_server(server: Server) -> None:
    server.process.terminate()
    try:
        server.process.wait(10)
    except subprocess.TimeoutExpired:
        server.process.kill()
        server.process.wait()


def _wait(server: Server, done, seconds: float) -> None:  # type: ignore[no-untyped-def]
    end = time.monotonic() + seconds
    while time.monotonic() < end and server.process.poll() is None:
        try:
            if done():
                return
        except httpx.TransportError:
            pass
        time.sleep(0.1)
    text = server.log.read_text(errors="replace")
    stop_server(server)
    pytest.fail(f"the server did not get ready: {text[-2_000:]}")


@pytest.fixture(scope="session")
def lm_server(lm_cache: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server whose index and embedded language model answer, without a network."""
    data = tmp_path_factory.mktemp("lm-server") / "data"
    running = start_server(lm_cache, data, "--model", "embedded", HF_HUB_OFFLINE="1")

    def ready() -> bool:
        health = httpx.get(f"{running.address}/health", timeout=5)
        return health.status_code == 200 and health.json()["model"]["state"] == "ready"

    _wait(running, ready, 180)
    yield running
    stop_server(running)


@pytest.fixture(scope="session")
def server(index_cache: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server whose index answers."""
    running = start_server(index_cache, tmp_path_factory.mktemp("server") / "data")
    _wait(running, lambda: httpx.get(f"{running.address}/health", timeout=5).status_code == 200, 90)
    yield running
    stop_server(running)
