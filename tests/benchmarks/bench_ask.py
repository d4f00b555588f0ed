"""How long answers take and how much memory: a cold process, a warm one, a large paste.

python tests/benchmarks/bench_ask.py

The first run builds the index in the cache folder. A cold process is timed beside `import torch`,
in turn, because absolute times say little on a machine that does other things too.
"""

import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from assistant.cli.engine import command_engine
from assistant.pipeline import Engine, answer_turns

CASES = Path(__file__).parents[1] / "cases"
ROUNDS = 7
SIGNATURE = "torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB"
QUESTION = "Why does my fine-tuned model repeat the same sentence again and again?"
COLD = {
    "import torch": ["-c", "import torch"],
    "ask, decided by a signature": ["-m", "assistant", "ask", SIGNATURE],
    "ask, decided by search": ["-m", "assistant", "ask", QUESTION],
}


def table(title: str, head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    widths = [max(len(row[column]) for row in (head, *rows)) for column in range(len(head))]
    print(f"\n{title}")
    for row in (head, *rows):
        first, *rest = (text.rjust(width) for text, width in zip(row, widths, strict=True))
        print("  ".join([row[0].ljust(len(first)), *rest]))


def cold() -> None:
    """Processes from nothing, one kind after the other, round by round."""
    seconds: dict[str, list[float]] = {name: [] for name in COLD}
    for number in range(ROUNDS + 1):
        for name, arguments in COLD.items():
            start = time.perf_counter()
            subprocess.run([sys.executable, *arguments], check=True, capture_output=True)
            if number:  # the first round warms the disk's cache
                seconds[name].append(time.perf_counter() - start)
    torch = statistics.median(seconds["import torch"])
    rows = [
        (
            name,
            f"{statistics.median(times):.3f}",
            f"{min(times):.3f}",
            f"{statistics.median(times) / torch:.2f}",
        )
        for name, times in seconds.items()
    ]
    table("A process from nothing", ("", "median s", "best s", "x torch"), rows)


def warm(engine: Engine) -> None:
    """Every case of tests/cases, answered in one process."""
    rows = []
    for file in sorted(CASES.glob("*.jsonl")):
        cases = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines() if line.strip()]
        times = [answer_turns(engine, case.get("turns") or [case["input"]]).ms for case in cases]
        times.sort()
        p95 = times[min(len(times) - 1, round(0.95 * len(times)))]
        rows.append(
            (file.stem, str(len(times)), f"{statistics.median(times):.1f}", f"{p95:.1f}", f"{times[-1]:.1f}")
        )
    table("Warm answers, milliseconds", ("cases", "number", "median", "p95", "longest"), rows)


def large(engine: Engine) -> None:
    """A log of 5 MB with its error at the end."""
    line = "{'loss': 1.2345, 'learning_rate': 1e-05, 'epoch': %.4f}"
    text = "\n".join([*(line % (n / 1e4) for n in range(95_000)), SIGNATURE])
    before = resident()
    start = time.perf_counter()
    answer = answer_turns(engine, [text])
    seconds = time.perf_counter() - start
    row = (f"{len(text) / 1e6:.1f} MB", f"{seconds:.2f}", f"{peak() - before:.0f}", str(answer.topic))
    table("A large paste", ("paste", "seconds", "extra MB at the peak", "topic"), [row])


def status(name: str) -> float:
    """A figure of this process in MB (Linux)."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith(f"{name}:"))


def resident() -> float:
    """What is resident now; the peak begins anew from here."""
    Path("/proc/self/clear_refs").write_text("5")
    return status("VmRSS")


def peak() -> float:
    return status("VmHWM")


def main() -> None:
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    engine = command_engine()
    engine.find_index()
    answer_turns(engine, [QUESTION])
    cold()
    warm(engine)
    large(engine)


if __name__ == "__main__":
    main()
