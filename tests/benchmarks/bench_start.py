"""From starting the server to an answer on the screen, and how fast `/api/ask` answers.

python -m tests.benchmarks.bench_start
"""

import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
from playwright.sync_api import sync_playwright

from assistant.settings import cache_folder
from assistant.web.words import examples
from tests.browser.conftest import ANSWER, FLAGS, chromium
from tests.conftest import Server, start_server, stop_server

REQUESTS = 200
CLIENTS = 16


def main() -> int:
    """Prints the table; the index should be built already (`tracedoc index build`)."""
    program = chromium()
    with tempfile.TemporaryDirectory() as folder:
        started = time.perf_counter()
        server = start_server(cache_folder(), Path(folder) / "data")
        try:
            served = time.perf_counter() - started
            print(f"process start to the page's HTML      {served:6.2f} s")
            if program:
                page, answer = _browser(server, program, started)
                print(f"process start to the page, usable     {page:6.2f} s")
                print(f"process start to the first answer     {answer:6.2f} s")
            _wait_for_index(server)
            print(
                f"process start to the index answering  {time.perf_counter() - started:6.2f} s (as seen after the above)"
            )
            _ask(server)
        finally:
            stop_server(server)
    return 0


def _browser(server: Server, program: str, started: float) -> tuple[float, float]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=FLAGS)
        page = browser.new_page(locale="en-US")
        page.goto(server.address, wait_until="commit")
        page.wait_for_selector("#message textarea")
        usable = time.perf_counter() - started
        page.fill("#message textarea", examples()[0].texts["en"])
        page.press("#message textarea", "Enter")
        page.locator(ANSWER).get_by_text("[1]").first.wait_for()
        answered = time.perf_counter() - started
        browser.close()
    return usable, answered


def _wait_for_index(server: Server) -> None:
    for _ in range(3_000):
        if httpx.get(f"{server.address}/health").status_code == 200:
            return
        time.sleep(0.1)
    raise SystemExit("the index did not get ready")


def _ask(server: Server) -> None:
    texts = [example.texts[lang] for example in examples() for lang in ("en", "zh")]
    with httpx.Client(base_url=server.address, timeout=60) as client:

        def timed(n: int) -> float:
            begun = time.perf_counter()
            client.post("/api/ask", json={"input": texts[n % len(texts)]}).raise_for_status()
            return (time.perf_counter() - begun) * 1_000

        for n in range(len(texts)):
            timed(n)
        _line("one client", lambda: [timed(n) for n in range(REQUESTS)])
        with ThreadPoolExecutor(CLIENTS) as pool:
            _line(f"{CLIENTS} clients", lambda: list(pool.map(timed, range(REQUESTS))))


def _line(name: str, work: Callable[[], list[float]]) -> None:
    begun = time.perf_counter()
    times = work()
    seconds = time.perf_counter() - begun
    p95 = statistics.quantiles(times, n=20)[-1]
    print(
        f"/api/ask, {name:<10} median {statistics.median(times):6.1f} ms, 95 % {p95:6.1f} ms, "
        f"{len(times) / seconds:5.0f} a second"
    )


if __name__ == "__main__":
    sys.exit(main())
