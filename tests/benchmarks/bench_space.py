"""A bundle as a Space on this machine's CPUs: its size, from start to the first grounded answer and the first
reply of the model with an empty cache, and twenty visitors who ask at once on the page.

python -m tests.benchmarks.bench_space [--python VENV/bin/python] [BUNDLE]

BUNDLE is what `tracedoc deploy OWNER/NAME --dry-run --out BUNDLE` made; `--python` an environment with its
requirements, this one if not given. Seconds on the clock are of a machine that may be busy; the processor's
seconds beside them are not.
"""

import argparse
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import psutil

from tests.conftest import ROOT, free_port

VISITORS = 20
QUESTIONS = (
    "torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 1.96 GiB. I have an RTX 3060.",
    "ValueError: Asking to pad but the tokenizer does not have a padding token.",
    "my loss becomes nan after some steps with fp16, why?",
    "RuntimeError: Expected all tensors to be on the same device, but found at least two devices, cuda:0 and cpu!",
    "生成的文本不断重复，怎么办？",
)
_GROUNDED = re.compile(r"\[1")
_WAITS = re.compile(r"(?:next up|before (?:you|this)|waiting|等待|排)", re.IGNORECASE)
_WROTE = re.compile(r"Gemma 3 270M[^\"]*?\d+ (?:tokens|个 token)")


@dataclass
class Visit:
    """What one visitor saw, in seconds from the question."""

    grounded: float = 0.0
    replied: float = 0.0
    waited: list[str] = field(default_factory=list)
    error: str = ""


def main() -> int:
    """Prints the figures."""
    parser = argparse.ArgumentParser()
    parser.add_argument("bundle", nargs="?", type=Path)
    parser.add_argument("--python", default=sys.executable)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        bundle = options.bundle or _made(Path(folder))
        size = sum(file.stat().st_size for file in bundle.rglob("*") if file.is_file())
        print(f"bundle: {size / 1e6:.1f} MB")
        port = free_port()
        begun = time.perf_counter()
        process = _start(bundle, Path(folder) / "home", port, options.python)
        try:
            address = f"http://127.0.0.1:{port}"
            _first(address, process.pid, begun)
            _many(address)
        finally:
            process.terminate()
            process.wait(30)
    return 0


def _made(folder: Path) -> Path:
    command = [
        sys.executable,
        "-m",
        "assistant",
        "deploy",
        "ada/tracedoc",
        "--dry-run",
        "--out",
        str(folder / "bundle"),
    ]
    if subprocess.run(command, cwd=ROOT, stdout=subprocess.DEVNULL, check=False).returncode:
        raise SystemExit("there is no bundle: make one from a clean checkout, and name it.")
    return folder / "bundle"


def _start(bundle: Path, home: Path, port: int, python: str) -> "subprocess.Popen[bytes]":
    home.mkdir()
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("TRACEDOC_", "XDG_"))}
    space = {"SPACE_ID": "ada/tracedoc", "HOME": str(home), "HF_HUB_OFFLINE": "1", "TRACEDOC_RATE": "0"}
    return subprocess.Popen(
        [python, "app.py"],
        cwd=bundle,
        env={**kept, **space, "GRADIO_SERVER_PORT": str(port), "PYTHONDONTWRITEBYTECODE": "1"},
        stderr=subprocess.DEVNULL,
    )


def _first(address: str, pid: int, begun: float) -> None:
    body: dict[str, str] = {"input": QUESTIONS[2]}
    _until(address, body, lambda answer: answer.status_code == 200)
    used = sum(psutil.Process(pid).cpu_times()[:2])
    print(
        f"start to the first grounded answer   {time.perf_counter() - begun:6.1f} s ({used:.1f} s of a core)"
    )
    answer = _until(
        address, {"input": QUESTIONS[0], "model": "auto"}, lambda answer: answer.status_code == 200
    )
    family = [psutil.Process(pid).cpu_times()]
    used = sum(each.user + each.system + each.children_user + each.children_system for each in family)
    print(
        f"start to the first whole reply       {time.perf_counter() - begun:6.1f} s ({used:.1f} s of cores)"
    )
    print(f"  {answer.json()['lm']['new_tokens']} tokens, {answer.json()['lm']['tokens_per_s']} a second")


def _until(address: str, body: dict[str, str], done: Any) -> httpx.Response:
    for _ in range(3_000):
        try:
            answer = httpx.post(f"{address}/api/ask", json=body, timeout=120)
            if done(answer):
                return answer
        except httpx.TransportError:
            pass
        time.sleep(0.1)
    raise SystemExit("no answer")


def _many(address: str) -> None:
    """Twenty pages that ask in the same moment, as the browser's script would."""
    config = httpx.get(f"{address}/config", timeout=60).json()
    together = threading.Barrier(VISITORS)
    with ThreadPoolExecutor(VISITORS) as pool:
        visits = list(pool.map(lambda n: _visit(address, config, n, together), range(VISITORS)))
    grounded = [each.grounded for each in visits if each.grounded]
    replied = [each.replied for each in visits if each.replied]
    print(f"{VISITORS} visitors at once: {len(grounded)} grounded answers, {len(replied)} replies")
    for visit in visits:
        if visit.error or not visit.replied:
            print(f"  lost: {visit.error or 'no reply'}")
    if grounded:
        print(
            f"  grounded: median {statistics.median(grounded):.2f} s, 95 % {statistics.quantiles(grounded, n=20)[-1]:.2f} s"
        )
    if replied:
        print(f"  replies: first {min(replied):.0f} s, last {max(replied):.0f} s")
    queued = [each for each in visits if each.waited]
    print(
        f"  {len(queued)} were told their place and the expected wait, such as: {queued[-1].waited[0] if queued else '-'}"
    )


def _visit(address: str, config: dict[str, Any], number: int, together: threading.Barrier) -> Visit:
    visit, session = Visit(), uuid.uuid4().hex[:12]
    parts = {each["id"]: each for each in config["components"]}
    box = next(each["id"] for each in config["components"] if each["props"].get("elem_id") == "message")
    event = next(
        each for each in config["dependencies"] if [box, "submit"] in [list(t) for t in each["targets"]]
    )
    text = f"{QUESTIONS[number % len(QUESTIONS)]} "
    data = [
        {"text": text, "files": []} if each == box else parts[each]["props"].get("value")
        for each in event["inputs"]
    ]
    with httpx.Client(base_url=address, timeout=600, headers={"accept-language": "en"}) as client:
        together.wait()
        begun = time.perf_counter()
        asked = {
            "data": data,
            "fn_index": event["id"],
            "session_hash": session,
            "trigger_id": box,
            "event_data": None,
        }
        joined = client.post("/gradio_api/queue/join", json=asked, headers={"x-gradio-user": "app"})
        if joined.status_code != 200:
            visit.error = joined.text[:200]
            return visit
        with client.stream("GET", "/gradio_api/queue/data", params={"session_hash": session}) as stream:
            for line in stream.iter_lines():
                if line.startswith("data:") and _seen(
                    visit, json.loads(line[5:]), time.perf_counter() - begun
                ):
                    break
    return visit


def _seen(visit: Visit, message: dict[str, Any], now: float) -> bool:
    """Notes what a message of the queue shows; whether it is the last."""
    kind, text = message.get("msg"), json.dumps(message.get("output", {}), ensure_ascii=False)
    if kind in ("process_generating", "process_completed"):
        if not visit.grounded and _GROUNDED.search(text):
            visit.grounded = now
        waits = re.search(r"\*([^*\"]*(?:about \d+|约 ?\d+)[^*\"]*)\*", text)
        if waits and not visit.replied:
            visit.waited.append(waits[1])
        if _WROTE.search(text):
            visit.replied = now
    if kind == "process_completed" and not message.get("success", True):
        visit.error = text[:200]
    return kind in ("process_completed", "close_stream", "unexpected_error")


if __name__ == "__main__":
    sys.exit(main())
