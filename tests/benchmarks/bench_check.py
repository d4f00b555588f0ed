"""How long `check` takes: a cold process, warm, and files made to be slow.

python -m tests.benchmarks.bench_check
"""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from assistant.config import check_text
from assistant.errors import UserError

EXAMPLES = sorted((Path(__file__).parents[1] / "config" / "examples").iterdir())
ROUNDS = 9
_CALL = 'TrainingArguments("o", evaluation_strategy="no", learning_rate=lr)\n'
SLOW: Mapping[str, tuple[str, str]] = {
    "500 kB of assignments": ("x = 1\n" * 85_000, "a.py"),
    "500 kB of faults": (_CALL * 7_500, "a.py"),
    "a name bound 50,000 times": ("lr = 1\n" * 50_000 + _CALL * 1_000, "a.py"),
    "nothing parses": ("x = [\n" * 20_000, "a.py"),
    "triple quotes": ('"""\n' * 19_999, "a.py"),
    "500 kB of YAML": (
        "\n".join(f"key_{n}: {n}" for n in range(30_000)) + "\nfp16: true\nlearning_rate: 1",
        "a.yaml",
    ),
    "5 MB of numbers in a notebook": (
        '{"nbformat": 4, "cells": [{"cell_type": "code", "source": "x = 1", "outputs": ['
        + ",".join(map(str, range(700_000)))
        + "]}]}",
        "a.ipynb",
    ),
}


def main() -> None:
    print(f"cold process, nothing cached (reads the libraries once)  {_cold(fresh=True):6.2f} s")
    print(f"cold process                                             {_cold(fresh=False):6.2f} s")
    for file in EXAMPLES:
        text = file.read_text(encoding="utf-8")
        print(f"warm, {file.name:40} {1_000 * _best(text, file.name):8.1f} ms")
    for name, (text, file_name) in SLOW.items():
        print(f"{name:46} {_best(text, file_name, 1):8.2f} s")


def _cold(*, fresh: bool) -> float:
    """Median seconds of `tracedoc check` on a script."""
    seconds = []
    with tempfile.TemporaryDirectory() as shared:
        for number in range(ROUNDS + 1):
            folder = tempfile.mkdtemp(dir=shared) if fresh else shared
            command = [sys.executable, "-m", "assistant", "check", str(EXAMPLES[-2]), "--json"]
            started = time.perf_counter()
            subprocess.run(
                command, check=True, capture_output=True, env={**os.environ, "TRACEDOC_CACHE": folder}
            )
            if number:
                seconds.append(time.perf_counter() - started)
    return statistics.median(seconds)


def _best(text: str, name: str, rounds: int = 5) -> float:
    best = float("inf")
    for _ in range(rounds):
        started = time.perf_counter()
        with suppress(UserError):
            check_text(text, name)
        best = min(best, time.perf_counter() - started)
    return best


if __name__ == "__main__":
    main()
