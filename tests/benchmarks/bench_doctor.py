"""How long `doctor` takes from a cold process: this machine without and with torch, and a pasted report.

python -m tests.benchmarks.bench_doctor
"""

import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.machine.test_pasted import REPORTS

RUNS = 5
LIMITS = {"this machine, no torch": 2.0, "this machine, with torch": 8.0}


def main() -> int:
    """Prints the table; returns 1 where a median is above its limit."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "report.txt"
        file.write_text(
            next(each["text"] for each in REPORTS if each["name"].startswith("collect_env with")),
            encoding="utf-8",
        )
        commands = {
            "this machine, no torch": ["--json", "--no-torch"],
            "this machine, with torch": ["--json"],
            "a pasted report": ["--json", "--from", str(file)],
            "the script": ["--script"],
        }
        late = []
        for name, arguments in commands.items():
            times = [_seconds(arguments) for _ in range(RUNS)]
            median = statistics.median(times)
            print(f"{name:<26} median {median:5.2f} s, slowest {max(times):5.2f} s")
            if median > LIMITS.get(name, 60):
                late.append(name)
    if late:
        print(f"above the limit: {', '.join(late)}", file=sys.stderr)
    return 1 if late else 0


def _seconds(arguments: list[str]) -> float:
    started = time.perf_counter()
    subprocess.run(
        [sys.executable, "-m", "assistant", "doctor", *arguments], capture_output=True, check=False
    )
    return time.perf_counter() - started


if __name__ == "__main__":
    sys.exit(main())
