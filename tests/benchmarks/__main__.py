"""Runs every bench_*.py of this folder, each in a process of its own."""

import subprocess
import sys
from pathlib import Path

FOLDER = Path(__file__).parent


def main() -> int:
    failed = []
    for file in sorted(FOLDER.glob("bench_*.py")):
        print(f"\n=== {file.name}", flush=True)
        if subprocess.run([sys.executable, "-m", f"tests.benchmarks.{file.stem}"], check=False).returncode:
            failed.append(file.name)
    if failed:
        print(f"failed: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
