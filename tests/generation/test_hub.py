"""Fetching from a hub: a small one on this machine that answers as the real one does, or does not."""

import hashlib
import http.server
import json
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from assistant.errors import UserError
from assistant.generation import hub
from tests.generation import tiny

SHA = "a" * 40


@dataclass
class Hub:
    """A hub with one model, `own/model`. `pace` slows its large files down (seconds a part), `refuses` is an
    error code for its files, `up` whether it answers."""

    files: dict[str, bytes]
    address: str = ""
    pace: float = 0.0
    refuses: str = ""
    up: bool = True
    asked: list[str] = field(default_factory=list)


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    files = {file.name: file.read_bytes() for file in tiny.folder("qwen").iterdir()}
    files |= {"pytorch_model.bin": b"pickle", "original/consolidated.safetensors": b"x", "README.md": b"read"}
    hub_here = Hub(files)

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_HEAD(self) -> None:
            self.do_GET()

        def do_GET(self) -> None:
            path = self.path.partition("?")[0]
            hub_here.asked.append(f"{self.command} {path}")
            if not hub_here.up:
                self.close_connection = True
                return
            name = path.partition(f"/own/model/resolve/{SHA}/")[2]
            if path in ("/api/models/own/model", "/api/models/own/model/revision/main"):
                self.say(json.dumps({"id": "own/model", "sha": SHA, "siblings": []}).encode())
            elif path == f"/api/models/own/model/tree/{SHA}":
                listed = [
                    {"type": "file", "path": each, "size": len(data), "oid": _oid(data)}
                    for each, data in hub_here.files.items()
                ]
                self.say(json.dumps(listed).encode())
            elif path.startswith("/api/models/own/model/revision/"):
                self.say(b"{}", 404, {"X-Error-Code": "RevisionNotFound"})
            elif name in hub_here.files and hub_here.refuses:
                self.say(b"{}", 403, {"X-Error-Code": hub_here.refuses})
            elif name in hub_here.files:
                data = hub_here.files[name]
                self.say(data, headers={"ETag": f'"{_oid(data)}"', "X-Repo-Commit": SHA})
            else:
                self.say(b"{}", 404, {"X-Error-Code": "RepoNotFound"})

        def say(self, body: bytes, status: int = 200, headers: dict[str, str] | None = None) -> None:
            self.send_response(status)
            for key, value in {"Content-Length": str(len(body)), **(headers or {})}.items():
                self.send_header(key, value)
            self.end_headers()
            if self.command == "HEAD":
                return
            step = 20_000
            for begin in range(0, len(body), step):
                self.wfile.write(body[begin : begin + step])
                if len(body) > 2 * step:
                    time.sleep(hub_here.pace)

        def log_message(self, *_: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    hub_here.address = f"http://127.0.0.1:{server.server_port}"
    cache = tmp_path / "hub"
    for variable in ("HF_HUB_OFFLINE", "HF_TOKEN"):
        monkeypatch.delenv(variable, raising=False)
    # read when huggingface_hub is imported: set for the process that fetches, patched for this one
    monkeypatch.setenv("HF_ENDPOINT", hub_here.address)
    monkeypatch.setenv("HF_HUB_CACHE", str(cache))
    monkeypatch.setenv("HF_HUB_DISABLE_XET", "1")
    monkeypatch.setattr(hub, "_snapshot", _snapshot_at(hub_here.address, cache))
    monkeypatch.setattr(hub, "_cache", lambda: cache)
    yield hub_here
    server.shutdown()
    server.server_close()


def _snapshot_at(address: str, cache: Path) -> Callable[..., object]:
    real = hub._snapshot
    return lambda model, revision, **options: real(
        model, revision, endpoint=address, cache_dir=cache, **options
    )


def _oid(data: bytes) -> str:
    return hashlib.sha1(data).hexdigest()


def fetch(model: str = "own/model", revision: str | None = None, **options: object) -> Path:
    report = options.get("report", lambda stage, done, total: None)
    return hub.fetch(model, revision, report, options.get("cancelled", threading.Event()))  # type: ignore[arg-type]


def test_fetches_what_a_model_needs_and_nothing_else(own: Hub) -> None:
    own.pace = 0.05
    reported: list[tuple[str, int, int]] = []
    folder = fetch(report=lambda *values: reported.append(values))
    names = {file.name for file in folder.iterdir()}
    assert {"config.json", "model.safetensors", "tokenizer.json"} <= names
    assert not names & {"pytorch_model.bin", "original", "README.md"}
    assert (folder / "model.safetensors").read_bytes() == own.files["model.safetensors"]
    assert {stage for stage, *_ in reported} == {"download"}
    done = [each[1] for each in reported]
    assert done == sorted(done)
    assert any(0 < each[1] < each[2] for each in reported)


def test_is_not_fetched_twice_and_found_without_the_hub(own: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = fetch()
    asked = len([each for each in own.asked if each.startswith("GET /own")])
    assert fetch() == folder
    assert len([each for each in own.asked if each.startswith("GET /own")]) == asked
    own.up = False
    assert fetch() == folder
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    own.asked.clear()
    assert fetch() == folder
    assert not own.asked


def test_can_be_given_up_and_taken_up(own: Hub) -> None:
    own.pace = 0.2
    cancelled = threading.Event()

    def report(stage: str, done: int, total: int) -> None:
        if done:
            cancelled.set()

    start = time.monotonic()
    with pytest.raises(hub.Cancel):
        fetch(report=report, cancelled=cancelled)
    assert time.monotonic() - start < 30
    own.pace = 0.0
    assert (fetch() / "model.safetensors").read_bytes() == own.files["model.safetensors"]


def sentence(model: str = "own/model", revision: str | None = None) -> str:
    with pytest.raises(UserError) as raised:
        fetch(model, revision)
    assert "\n" not in str(raised.value)
    return str(raised.value)


def test_what_the_hub_says_is_a_sentence(own: Hub) -> None:
    assert "has no model nobody/nothing" in sentence("nobody/nothing")
    assert "no revision old" in sentence(revision="old")
    assert "hub id such as" in sentence("bad//id")
    own.refuses = "GatedRepo"
    assert "consent" in sentence()


def test_a_model_with_pickled_weights_only(own: Hub) -> None:
    del own.files["model.safetensors"]
    assert "no safetensors" in sentence()
    assert not any("GET /own" in each for each in own.asked)


def test_a_disk_without_room(own: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub.shutil, "disk_usage", lambda place: hub.shutil._ntuple_diskusage(10, 9, 1))
    assert "on the disk" in sentence()


def test_a_hub_that_does_not_answer(own: Hub) -> None:
    own.up = False
    assert "cannot be reached" in sentence()


def test_a_fetch_that_breaks_off_says_so_and_can_go_on(own: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")  # for the process that fetches
    assert "could not be fetched" in sentence()
