"""The language model on ZeroGPU: with the real `spaces` package, off ZeroGPU, where its decorator does nothing,
and with its emulation of CUDA switched on, as far as that goes without a GPU.
"""

import json
import os
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from assistant.errors import UserError
from assistant.generation.model import Finished, Job, Lexicon, Message, Sampling
from assistant.space.zero import begin, open_zero, seconds_for
from tests.conftest import ROOT
from tests.generation import tiny

pytest.importorskip("spaces")


def job(text: str = "Why does training run out of memory?", tokens: int = 12) -> Job:
    return Job((Message("user", text),), Sampling(max_new_tokens=tokens), Lexicon((text,), (1,)))


def test_a_reply_is_written_through_the_decorator() -> None:
    import spaces

    begin()
    model = open_zero(str(tiny.folder("qwen")), None, device="cpu")
    assert model.quantization == "none"
    assert model.context > 0
    assert model.count("batch size") > 0
    *pieces, last = list(model.stream(job(), threading.Event()))
    assert isinstance(last, Finished)
    assert last.stopped in ("end", "length")
    assert 1 <= last.new_tokens <= 12
    assert all(isinstance(piece, str) for piece in pieces)
    assert spaces.GPU(seconds_for) is seconds_for, "off ZeroGPU the decorator gives back what it got"


def test_a_reply_that_is_not_wanted_ends() -> None:
    model = open_zero(str(tiny.folder("qwen")), None, device="cpu")
    cancelled = threading.Event()
    cancelled.set()
    *_, last = list(model.stream(job(tokens=400), cancelled))
    assert isinstance(last, Finished)
    assert last.stopped == "user"


def test_the_duration_follows_the_expected_length() -> None:
    short, long = seconds_for("x", job(tokens=60)), seconds_for("x", job(tokens=600))
    assert 8 <= short < long <= 60
    assert seconds_for("x", job("word " * 4_000, tokens=60)) > short
    assert seconds_for("x", job(tokens=100_000)) == 60


def test_what_cannot_be_loaded_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"no config\.json|no weights"):
        open_zero(str(tmp_path), None, device="cpu")


EMULATED = """
import sys, threading, json
from assistant.space import zero
zero.begin()
import gradio as gr
from tests.generation import tiny
from tests.space.test_zero import job
model = zero.open_zero(sys.argv[1], None)
loaded = zero._models[model.name]._loaded
devices = {str(each.device) for each in loaded.model.parameters()}
with gr.Blocks() as page:
    pass
zero.report_start(page, 7860)
*_, last = list(model.stream(job(), threading.Event()))
print(json.dumps({"devices": sorted(devices), "stopped": last.stopped, "error": last.error}))
"""


def has_cuda() -> bool:
    import torch

    return bool(torch.version.cuda)


def emulated(folder: Path, device_api: str) -> "subprocess.CompletedProcess[str]":
    """Runs EMULATED as on ZeroGPU, which is asked for GPUs at an address."""
    cgroup = folder / "cgroup"
    cgroup.write_text("0::/kubepods.slice/pod/container\n")
    return subprocess.run(
        [sys.executable, "-c", EMULATED, str(tiny.folder("qwen"))],
        cwd=ROOT,
        env={
            **os.environ,
            "SPACES_ZERO_GPU": "true",
            "SPACES_ZERO_DEVICE_API_URL": device_api,
            "ZEROGPU_OFFLOAD_DIR": str(folder / "packed"),
            "ZEROGPU_PROC_SELF_CGROUP_PATH": str(cgroup),
        },
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_build_of_torch_without_cuda_is_said(tmp_path: Path) -> None:
    if has_cuda():
        pytest.skip("this is a build with CUDA")
    done = emulated(tmp_path, "http://127.0.0.1:9")
    assert "needs a build of PyTorch with CUDA" in done.stderr


@pytest.mark.skipif("not has_cuda()", reason="needs a build of PyTorch with CUDA, and no GPU")
def test_the_model_is_put_on_the_emulated_gpu_at_the_start_and_zerogpu_is_told(tmp_path: Path) -> None:
    """All that this machine can show: weights are recorded for the GPU and packed, the start is reported, a reply
    asks for a GPU with its duration, and that there is none becomes a sentence."""
    asked: list[str] = []

    class Device(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked.append(self.path)
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            status = 200 if self.path.startswith("/startup-report") else 429
            body = b'{"left": 0, "wait": 60}' if status == 429 else b""
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *arguments: object) -> None:
            """Silence."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Device)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    done = emulated(tmp_path, f"http://127.0.0.1:{server.server_address[1]}")
    server.shutdown()
    assert done.returncode == 0, done.stderr[-3_000:]
    said = json.loads(done.stdout.splitlines()[-1])
    assert said["devices"] == ["cuda:0"]
    assert any(path.startswith("/startup-report") for path in asked)
    (scheduled,) = (path for path in asked if path.startswith("/schedule"))
    assert "durationSeconds=" in scheduled
    assert said["stopped"] == "error"
    assert said["error"]
