"""The page's server with the embedded language model, offline: from start to the first reply (fresh cache
and second start), memory, and what other users notice while it writes.

python -m tests.benchmarks.bench_lm_serve [--fresh]
"""

import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import httpx
import psutil

from assistant.settings import cache_folder
from assistant.web.words import examples
from tests.conftest import Server, start_server, stop_server

PASTE = "RuntimeError: CUDA out of memory. Tried to allocate 2.00 GiB. I have an RTX 3060."
USERS, THINK_SECONDS, WATCHED_SECONDS = 16, 1.0, 20.0
OFFLINE = {"HF_HUB_OFFLINE": "1"}


def main() -> int:
    """Prints the figures."""
    fresh = "--fresh" in sys.argv
    with tempfile.TemporaryDirectory() as folder:
        cache = Path(folder) / "cache" if fresh else cache_folder()
        for start in ("first start, fresh cache", "second start") if fresh else ("second start",):
            with _running(cache, Path(folder) / f"data-{start[:5]}") as (server, begun):
                peak = _Peak(server.process.pid)
                seconds, reply = _first_reply(server, begun)
                print(
                    f"{start}: first reply whole after {seconds:.1f} s "
                    f"(first token {reply['first_token_ms']:.0f} ms, {reply['tokens_per_s']:.1f} tokens/s)"
                )
                _settle(server)
                print(
                    f"{start}: server {_resident(server):.0f} MB, highest {peak.highest():.0f} MB with its children"
                )
                if start == "second start":
                    _others(server)
    return 0


@contextmanager
def _running(cache: Path, data: Path) -> "Iterator[tuple[Server, float]]":
    begun = time.perf_counter()
    server = start_server(cache, data, "--model", "embedded", **OFFLINE)
    try:
        yield server, begun
    finally:
        stop_server(server)


def _first_reply(server: Server, begun: float) -> tuple[float, dict[str, float]]:
    for _ in range(3_000):
        answer = httpx.post(f"{server.address}/api/ask", json={"input": PASTE, "model": "auto"}, timeout=120)
        if answer.status_code == 200:
            return time.perf_counter() - begun, answer.json()["lm"]
        time.sleep(0.1)
    raise SystemExit(f"no reply: {answer.text}")


def _settle(server: Server) -> None:
    for _ in range(3_000):
        if httpx.get(f"{server.address}/health").status_code == 200:
            return
        time.sleep(0.1)


def _resident(server: Server) -> float:
    return psutil.Process(server.process.pid).memory_info().rss / 1e6


def _others(server: Server) -> None:
    """Sixteen users who each ask about once a second, without and while the model writes."""
    texts = [example.texts[lang] for example in examples() for lang in ("en", "zh")]
    for name, writing in (("nobody", False), ("the model", True)):
        stop = threading.Event()
        writer = threading.Thread(target=_write, args=(server, stop), daemon=True)
        if writing:
            writer.start()
            time.sleep(1)
        with ThreadPoolExecutor(USERS) as pool:
            times = [
                each for user in pool.map(lambda n: _user(server, texts, n), range(USERS)) for each in user
            ]
        stop.set()
        if writing:
            writer.join(60)
        p95 = statistics.quantiles(times, n=20)[-1]
        print(
            f"{USERS} users while {name} writes: median {statistics.median(times):.0f} ms, 95 % {p95:.0f} ms, "
            f"{len(times) / WATCHED_SECONDS:.1f} a second"
        )


def _user(server: Server, texts: list[str], number: int) -> list[float]:
    times, n = [], number
    end = time.perf_counter() + WATCHED_SECONDS
    time.sleep(number * THINK_SECONDS / USERS)
    with httpx.Client(base_url=server.address, timeout=60) as client:
        while time.perf_counter() < end:
            n += 1
            begun = time.perf_counter()
            client.post("/api/ask", json={"input": texts[n % len(texts)]}).raise_for_status()
            times.append((time.perf_counter() - begun) * 1_000)
            time.sleep(THINK_SECONDS)
    return times


def _write(server: Server, stop: threading.Event) -> None:
    while not stop.is_set():
        body = {"input": PASTE, "model": "auto", "length": "full"}
        httpx.post(f"{server.address}/api/ask", json=body, timeout=120)


class _Peak:
    """The most memory that a process and its children held, looked at ten times a second."""

    def __init__(self, pid: int) -> None:
        self._process = psutil.Process(pid)
        self._most = 0.0
        threading.Thread(target=self._watch, daemon=True).start()

    def highest(self) -> float:
        return self._most

    def _watch(self) -> None:
        while self._process.is_running():
            try:
                family = [self._process, *self._process.children(recursive=True)]
                self._most = max(self._most, sum(each.memory_info().rss for each in family) / 1e6)
            except psutil.Error:
                pass
            time.sleep(0.1)


if __name__ == "__main__":
    sys.exit(main())
