"""The bundle as a Space runs it: its requirements alone in an environment of its own, started from its folder
alone, asked over HTTP and in a browser, stopped and started again.
"""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, expect

from assistant.deploy.bundle import Bundle
from assistant.deploy.front_matter import front_matter
from tests.browser.conftest import ANSWER, browser  # noqa: F401
from tests.conftest import free_port

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("fresh")]

PASTE = "torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 1.96 GiB. I have an RTX 3060."
QUESTION = "my loss becomes nan after some steps with fp16, why?"
MINUTES = 5


@dataclass(frozen=True)
class Space:
    """A running bundle."""

    address: str
    folder: Path
    home: Path
    python: Path
    feedback: Path


@pytest.fixture(scope="module")
def environment(bundle: Bundle, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Python with what Spaces installs for this bundle; TRACEDOC_SPACE_VENV names one that is there already."""
    ready = os.environ.get("TRACEDOC_SPACE_VENV")
    if ready:
        return Path(ready) / "bin" / "python"
    folder = tmp_path_factory.mktemp("space") / "venv"
    subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
    settings = front_matter((bundle.folder / "README.md").read_text(encoding="utf-8"))
    spaces_own = (
        f"gradio[oauth,mcp]=={settings['sdk_version']}",
        "uvicorn>=0.14.0",
        "websockets>=10.4",
        "spaces",
    )
    requirements = ("-r", str(bundle.folder / "requirements.txt"))
    # an index that cannot be reached is asked for each package: one try more, not five
    subprocess.run(
        [str(folder / "bin" / "pip"), "install", "-q", "--retries", "1", *requirements, *spaces_own],
        check=True,
    )
    return folder / "bin" / "python"


@pytest.fixture(scope="module")
def space(bundle: Bundle, environment: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Space]:
    base = tmp_path_factory.mktemp("running")
    shutil.copytree(bundle.folder, base / "app")
    port = free_port()
    running = Space(f"http://127.0.0.1:{port}", base / "app", base / "home", environment, base / "volume")
    running.home.mkdir()
    with (base / "log").open("wb") as log:
        process = subprocess.Popen(
            [str(environment), "app.py"],
            cwd=running.folder,
            env={
                "PATH": "/usr/bin:/bin",
                "HOME": str(running.home),
                "SPACE_ID": "ada/tracedoc",
                "CPU_CORES": "2",
                "MEMORY": "16Gi",
                "GRADIO_SERVER_PORT": str(port),
                "HF_HUB_OFFLINE": "1",
                "TRACEDOC_FEEDBACK": str(running.feedback),
            },
            stdout=log,
            stderr=log,
        )
    try:
        _wait(process, running.address, base / "log")
        yield running
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
        process.wait(60)
        shutil.copyfile(base / "log", base / "log-at-the-end")


def test_a_question_is_answered_from_the_carried_index(space: Space) -> None:
    answer = httpx.post(f"{space.address}/api/ask", json={"input": QUESTION}, timeout=60).json()
    assert answer["topic"] == "nan-loss"
    assert answer["basis"] == "retrieval"
    found = httpx.post(f"{space.address}/api/search", json={"query": "CUDA out of memory"}, timeout=60).json()
    assert found["hits"]


def test_it_runs_from_its_folder_alone(space: Space) -> None:
    said = subprocess.run(
        [
            str(space.python),
            "-c",
            "import assistant, importlib.util as u; print(assistant.__file__, u.find_spec('finetune'))",
        ],
        cwd=space.folder,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    assert Path(said[0]).is_relative_to(space.folder)
    assert said[1] == "None"
    packages = [str(space.python), "-m", "pip", "list", "--format=freeze"]
    assert "tracedoc" not in subprocess.run(packages, capture_output=True, text=True, check=True).stdout


def test_it_binds_to_all_addresses_and_limits_requests_by_the_forwarded_address(space: Space) -> None:
    def ask(address: str) -> int:
        headers = {"X-Forwarded-For": f"1.1.1.1, {address}"}
        return httpx.post(f"{space.address}/api/plan", json={}, headers=headers, timeout=60).status_code

    assert 429 in {ask("8.8.4.4") for _ in range(65)}
    assert ask("8.8.8.8") != 429
    listening = Path("/proc/net/tcp").read_text() if Path("/proc/net/tcp").exists() else ""
    port = int(space.address.rpartition(":")[2])
    assert not listening or f"00000000:{port:04X}" in listening


def test_the_report_script_is_served_and_runs(space: Space, tmp_path: Path) -> None:
    script = tmp_path / "tracedoc_report.py"
    script.write_text(httpx.get(f"{space.address}/tracedoc_report.py", timeout=60).text)
    done = subprocess.run(
        [sys.executable, str(script), "--no-torch"], capture_output=True, text=True, check=True
    )
    report = httpx.post(f"{space.address}/api/doctor", json={"input": done.stdout}, timeout=60)
    assert report.status_code == 200


def test_the_browser_reads_a_reply_of_the_model_and_judges_it(space: Space, browser: Browser) -> None:  # noqa: F811
    context = browser.new_context(locale="en-US", viewport={"width": 1280, "height": 900})
    page = context.new_page()
    page.goto(space.address)
    page.wait_for_selector("#message textarea")
    expect(page.locator("#space-note")).to_contain_text("cannot see your machine")
    expect(page.locator("#space-note")).to_contain_text("2 CPU cores, 16 GiB")
    expect(page.locator("#name")).not_to_contain_text("Nothing leaves")
    end = time.monotonic() + MINUTES * 60
    while time.monotonic() < end:
        if httpx.get(f"{space.address}/health", timeout=60).json()["model"]["state"] in ("ready", "failed"):
            break
        time.sleep(1)
    page.fill("#message textarea", PASTE)
    page.press("#message textarea", "Enter")
    expect(page.locator(ANSWER).first).to_contain_text("[1]", timeout=30_000)
    page.locator(ANSWER).nth(1).wait_for(timeout=120_000)
    page.locator("#message .submit-button").wait_for(timeout=120_000)
    reply = page.locator(ANSWER).nth(1).get_attribute("aria-label") or ""
    assert "Gemma 3 270M" in reply
    page.get_by_role("button", name="Dislike", exact=True).first.click()
    page.get_by_role("button", name="Wrong cause").click()
    page.get_by_text("Thank you").first.wait_for(timeout=15_000)
    context.close()


def test_zerogpu_is_emulated_as_far_as_it_goes_without_a_gpu(space: Space) -> None:
    """With the torch that ZeroGPU has, and a build with CUDA where the index of packages gives one."""
    done = subprocess.run(
        [str(space.python), "-c", "import torch, spaces; print(torch.__version__)"],
        env={"PATH": "/usr/bin:/bin", "HOME": str(space.home)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.startswith("2.11.")


def test_the_judgement_is_there_after_the_stop(space: Space) -> None:
    """Last of this file: it stops the Space."""
    pid = _listener(space)
    os.kill(pid, signal.SIGTERM)
    for _ in range(300):
        files = list(space.feedback.glob("feedback/*.jsonl"))
        if files and not Path(f"/proc/{pid}").exists():
            break
        time.sleep(0.1)
    text = "".join(file.read_text(encoding="utf-8") for file in space.feedback.glob("feedback/*.jsonl"))
    assert '"wrong_cause"' in text
    assert "RTX 3060" in text


def _listener(space: Space) -> int:
    import psutil

    port = int(space.address.rpartition(":")[2])
    return next(
        each.pid
        for each in psutil.net_connections("inet")
        if each.laddr and each.laddr.port == port and each.status == "LISTEN" and each.pid
    )


def _wait(process: "subprocess.Popen[bytes]", address: str, log: Path) -> None:
    end = time.monotonic() + MINUTES * 60
    while time.monotonic() < end and process.poll() is None:
        try:
            if httpx.get(f"{address}/health", timeout=30).status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.2)
    process.kill()
    pytest.fail(log.read_text(errors="replace")[-3_000:])
