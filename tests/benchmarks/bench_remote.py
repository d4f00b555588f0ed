"""What the client of a remote model costs: `python -m tests.benchmarks.bench_remote`.

Against a server in this process that says what it is told: tokens/s that can be read, the first token
after the server's first byte, and the time from Stop to the end, before the first byte and in the middle.
"""

import statistics
import threading
import time
from collections.abc import Callable

from assistant.generation.model import Finished, Job, Message, Sampling
from assistant.generation.remote import Remote, connect
from tests.generation.remote.broken import END, Answer, broken_server, hanging, head, replying, said

TOKENS, RUNS = 2_000, 40
JOB = Job((Message("user", "Hello"),), Sampling(max_new_tokens=TOKENS))


def main() -> None:
    with broken_server(replying(head(), *[said("token ")] * TOKENS, END)) as server:
        remote = connect(server.url)
        seconds = [_seconds(lambda: list(remote.stream(JOB, threading.Event()))) for _ in range(5)]
        print(f"read {TOKENS} tokens, one event each: {TOKENS / min(seconds):.0f} tokens/s")
    with broken_server(replying(head(), said("token "), END)) as server:
        remote = connect(server.url)
        _print("first token of a server that answers at once", [_first(remote) for _ in range(RUNS)])
    for name, answer in {
        "Stop before the first byte": hanging(),
        "Stop in the middle of a reply": hanging(head(), said("token ")),
    }.items():
        _print(name, [_stopping(answer) for _ in range(RUNS)])


def _stopping(answer: Answer) -> float:
    with broken_server(answer) as server:
        remote, cancelled, ended = connect(server.url), threading.Event(), threading.Event()
        reader = threading.Thread(target=lambda: _read(remote, cancelled, ended))
        reader.start()
        while not server.requests:
            time.sleep(0.01)
        time.sleep(0.05)
        started = time.perf_counter()
        cancelled.set()
        ended.wait()
        return time.perf_counter() - started


def _read(remote: Remote, cancelled: threading.Event, ended: threading.Event) -> None:
    *_, last = remote.stream(JOB, cancelled)
    assert isinstance(last, Finished)
    assert last.stopped == "user"
    ended.set()


def _first(remote: Remote) -> float:
    started = time.perf_counter()
    next(iter(remote.stream(JOB, threading.Event())))
    return time.perf_counter() - started


def _seconds(run: Callable[[], object]) -> float:
    started = time.perf_counter()
    run()
    return time.perf_counter() - started


def _print(name: str, seconds: list[float]) -> None:
    ordered = sorted(seconds)
    high = ordered[int(len(ordered) * 0.95)]
    print(f"{name}: median {statistics.median(ordered) * 1000:.0f} ms, 95th percentile {high * 1000:.0f} ms")


if __name__ == "__main__":
    main()
