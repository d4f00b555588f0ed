"""How long a sentence takes to be checked, how soon the first is, and how much is caught.

python -m tests.benchmarks.bench_grounding
"""

import json
import subprocess
import sys
import time
from pathlib import Path

CASES = Path(__file__).parent.parent / "grounding" / "cases"
COLD = "import time; a = time.perf_counter(); from assistant.grounding import check; check('Set `x_y=1` [1].', ['Set `x_y=1`.']); print(time.perf_counter() - a)"


def main() -> None:
    cold = subprocess.run([sys.executable, "-c", COLD], capture_output=True, text=True, check=True)
    print(f"import and first sentence in a new process: {float(cold.stdout):.2f} s")
    from assistant.grounding import check

    check("Set `x_y=1` [1].", ["Set `x_y=1`."])
    for file in sorted(CASES.glob("*.jsonl")):
        spent: list[float] = []
        for line in file.read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            begun = time.perf_counter()
            result = check(row["text"], row["evidence"], row["question"] or "")
            spent.append((time.perf_counter() - begun) / max(1, len(result.sentences)))
        spent.sort()
        middle, late = spent[len(spent) // 2], spent[int(len(spent) * 0.95)]
        print(
            f"{file.name}: {middle * 1000:.1f} ms a sentence, 95 % within {late * 1000:.1f} ms, longest {spent[-1] * 1000:.1f} ms"
        )
    long = ["The loader reads `a_b=1` and 3 GB of weights because the map says so. " * 8] * 8
    begun = time.perf_counter()
    result = check("It reads `a_b=1` [1], not 4 GB, because the weights are small. " * 20, long)
    each = (time.perf_counter() - begun) / len(result.sentences)
    print(f"eight passages of 500 characters: {each * 1000:.1f} ms a sentence")


if __name__ == "__main__":
    main()
