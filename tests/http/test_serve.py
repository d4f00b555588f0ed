"""Starting and stopping the server."""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

from tests.conftest import ROOT, Server, start_server, stop_server

pytestmark = [pytest.mark.xdist_group("server")]

OOM = "torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 1.96 GiB."


def serve(tmp_path: Path, *arguments: str, **variables: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "assistant", "serve", *arguments],
        cwd=ROOT,
        env={**os.environ, "TRACEDOC_DATA": str(tmp_path), **variables},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def refused(run: "subprocess.CompletedProcess[str]", code: int = 3) -> str:
    assert run.returncode == code
    assert run.stdout == ""
    assert len(run.stderr.strip().splitlines()) == 1, run.stderr
    return run.stderr


def test_a_port_in_use_is_one_sentence(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        assert f"port {port} is in use" in refused(serve(tmp_path, "--port", port))


def test_a_bad_address_is_one_sentence(tmp_path: Path) -> None:
    assert "cannot bind" in refused(serve(tmp_path, "--host", "no.such.host.invalid"))
    assert "cannot bind" in refused(serve(tmp_path, "--host", "192.0.2.1"))
    assert "between 1 and 65535" in refused(serve(tmp_path, "--port", "70000"))
    assert "port" in refused(serve(tmp_path, "--port", "x"), code=2)
    assert "TRACEDOC_RATE" in refused(serve(tmp_path, TRACEDOC_RATE="many"), code=2)


@pytest.mark.slow
def test_unwritable_folders_cost_no_answer_and_are_said_once(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    running = start_server(
        tmp_path / "file" / "cache",
        tmp_path / "data",
        TRACEDOC_DATABASE=f"sqlite:///{tmp_path}/file/x/y.sqlite",
    )
    try:
        from gradio_client import Client

        client = Client(running.address, verbose=False)
        for _ in range(2):
            assert "1.96 GiB" in client.predict(OOM, api_name="/chat")
        assert httpx.get(f"{running.address}/health").status_code == 503
        deadline = time.monotonic() + 30
        while "not kept" not in running.log.read_text() and time.monotonic() < deadline:
            time.sleep(0.2)
    finally:
        stop_server(running)
    log = running.log.read_text()
    assert log.count("conversations are not kept") == 1
    assert "Traceback" not in log


def test_ctrl_c_stops_at_once_and_quietly(index_cache: Path, tmp_path: Path) -> None:
    running = start_server(index_cache, tmp_path / "data")
    with httpx.stream("GET", f"{running.address}/gradio_api/heartbeat/abc", timeout=10):  # an open page
        started = time.monotonic()
        running.process.send_signal(signal.SIGINT)
        code = running.process.wait(15)
        assert time.monotonic() - started < 4
    assert code in (0, 130)
    log = running.log.read_text()
    assert "Traceback" not in log
    assert "ERROR" not in log
    assert f"tracedoc: {running.address}" in log


def test_the_rate_is_limited_where_it_is_asked_for(index_cache: Path, tmp_path: Path) -> None:
    running = start_server(index_cache, tmp_path / "data", "--rate", "2")
    try:
        answers = [
            httpx.post(f"{running.address}/api/ask", json={"input": OOM}, timeout=20) for _ in range(3)
        ]
        assert [answer.status_code for answer in answers] == [200, 200, 429]
    finally:
        stop_server(running)


def test_only_this_machine_is_served_by_default(server: Server) -> None:
    port = int(server.address.rsplit(":", 1)[1])
    with socket.socket() as other:
        other.bind(("127.0.0.2", port))  # would be in use if the server listened on every address


HEAVY = ("torch", "transformers", "sqlalchemy", "faiss", "sentence_transformers", "onnxruntime", "alembic")


def test_nothing_heavy_is_imported_before_the_first_page(tmp_path: Path) -> None:
    code = (
        "import sys; from assistant.service import Service; from assistant.web.server import build_app; "
        f"build_app(Service()); print([name for name in {HEAVY!r} if name in sys.modules])"
    )
    run = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={**os.environ, "TRACEDOC_DATA": str(tmp_path), "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.stdout.strip() == "[]", run.stderr[-2_000:]
