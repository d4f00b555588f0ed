"""How fast the index is, over the real corpus: `python tests/benchmarks/bench_index.py [FOLDER]`.

Prints median and 95th percentile of each step of a query in both languages, one thread, warm; the
time of a cold process; and the size on disk. Builds the index first if it is not fresh.
"""

import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

import corpus  # noqa: E402
import index  # noqa: E402
from index import store, vectors  # noqa: E402
from index.tokens import english  # noqa: E402

QUERIES = {
    "en, 20 words": "CUDA out of memory when I fine-tune a 7B model with LoRA on one 24 GB card with gradient checkpointing",
    "zh, 20 words": "用 LoRA 微调 7B 模型时 24GB 显卡显存不足，已经打开梯度检查点，批大小是 1，还能怎么办？",
    "en, traceback": 'Traceback (most recent call last):\n  File "train.py", line 8, in <module>\n'
    + '  File "/usr/lib/python3/site-packages/transformers/trainer.py", line 1321, in train\n    return loop(\n'
    * 12
    + "torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB. GPU 0 has 23.6 GiB",
}
_COLD = """
import sys, time
started = time.perf_counter()
from pathlib import Path
import index
index.load(Path(sys.argv[1])).search("CUDA out of memory while training")
print(time.perf_counter() - started)
"""


def main(arguments: list[str]) -> None:
    folder = Path(arguments[0]) if arguments else Path(tempfile.gettempdir()) / "tracedoc-bench-index"
    loaded = corpus.load()
    started = time.perf_counter()
    index.build(loaded, folder)
    print(f"build (or check that it is fresh): {time.perf_counter() - started:.1f} s")
    ready = index.load(folder)
    print(
        f"{len(loaded.entries)} entries, {len(ready.passages)} passages, {_megabytes(folder):.0f} MB on disk"
    )
    generation = store.current(folder)
    if generation:
        print(f"  of these without the exported embedder: {_megabytes(generation):.1f} MB")
    for name, query in QUERIES.items():
        vector = ready._encoder.encode([english(query)], query=True)[0]
        print(name)
        _time(
            "embed the query", lambda query=query: ready._encoder.encode([english(query[-600:])], query=True)
        )
        _time("dense search", lambda vector=vector: vectors.similarities(ready._vectors, vector))
        _time("lexical scores", lambda query=query: ready._lexical.scores(query))
        _time("search in total", lambda query=query: ready.search(query))
    command = [sys.executable, "-c", _COLD, str(folder)]
    cold = [
        float(subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout)
        for _ in range(7)
    ]
    print(
        f"cold process, import to first hit: median {statistics.median(cold):.2f} s, worst {max(cold):.2f} s"
    )
    _time("state (is it fresh?)", lambda: index.state(folder, loaded))


def _time(name: str, action: Callable[[], object], repeats: int = 100) -> None:
    action()
    taken = []
    for _ in range(repeats):
        started = time.perf_counter()
        action()
        taken.append(1000 * (time.perf_counter() - started))
    print(
        f"  {name:22} median {statistics.median(taken):6.2f} ms, p95 {statistics.quantiles(taken, n=20)[-1]:6.2f} ms"
    )


def _megabytes(folder: Path) -> float:
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file()) / 1e6


if __name__ == "__main__":
    main(sys.argv[1:])
