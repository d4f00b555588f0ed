"""How long a plan takes, cold and warm, and how many a second; then the appendix's tables.

python -m tests.benchmarks.bench_plan
"""

import os
import statistics
import subprocess
import sys
import time

from assistant.memory import PlanRequest, largest, plan
from tests.benchmarks import appendix_memory

ROUNDS = 5
COLD = {
    "python -c pass": ["-c", "pass"],
    "plan, as a library": ["-c", "from assistant.memory import plan, PlanRequest; plan(PlanRequest('7B', 'qlora', gpu='T4'))"],
    "plan 7B qlora T4": ["-m", "assistant", "plan", "--model", "7B", "--method", "qlora", "--gpu", "T4"],
    "plan 70B full, levers": ["-m", "assistant", "plan", "--model", "70B", "--method", "full", "--gpu", "A100", "--json"],
}  # fmt: skip
WARM = {
    "inference": PlanRequest("8B", seq=8192, gpu="RTX 4090"),
    "qlora, checkpointing": PlanRequest("8B", "qlora", gpu="RTX 4090"),
    "full, no checkpointing, levers": PlanRequest(
        "70B", "full", checkpointing=False, trainer="transformers", gpu="A100"
    ),
}


def main() -> int:
    print("cold process, seconds (median of", ROUNDS, "in turn)")
    times: dict[str, list[float]] = {name: [] for name in COLD}
    for _ in range(ROUNDS):
        for name, arguments in COLD.items():
            started = time.perf_counter()
            subprocess.run(
                [sys.executable, *arguments],
                check=True,
                capture_output=True,
                env={**os.environ, "HF_HUB_OFFLINE": "1"},
            )
            times[name].append(time.perf_counter() - started)
    for name, taken in times.items():
        print(f"  {name:34} {statistics.median(taken):6.2f}")
    print("warm, milliseconds")
    for name, request in WARM.items():
        taken = []
        for _ in range(ROUNDS):
            started = time.perf_counter()
            plan(request)
            taken.append(time.perf_counter() - started)
        print(f"  {name:34} {1000 * statistics.median(taken):6.0f}")
    started = time.perf_counter()
    found = largest(WARM["qlora, checkpointing"], "length")
    print(f"  largest length ({found.value}){'':14} {1000 * (time.perf_counter() - started):6.0f}")
    appendix_memory.main()
    return 0


if __name__ == "__main__":
    sys.exit(main())
