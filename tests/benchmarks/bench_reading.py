"""How long reading takes and how much memory it needs: typical pastes, large and hostile ones.

python tests/benchmarks/bench_reading.py          # the table
python tests/benchmarks/bench_reading.py --double # the same at half and full size, with ratios
"""

import json
import statistics
import sys
import time
import tracemalloc
from collections.abc import Callable, Mapping
from pathlib import Path

from assistant.reading import read

MB = 1_000_000
_TRACE = (
    'Traceback (most recent call last):\n  File "/home/u/train.py", line 12, in <module>\n    trainer.train()\n'
    '  File "/usr/lib/python3.10/site-packages/torch/_tensor.py", line 3, in backward\n    torch.autograd.backward(self)\n'
    "RuntimeError: CUDA out of memory. Tried to allocate 2.00 GiB.\n"
)


def _times(unit: str) -> Callable[[int], str]:
    return lambda size: unit * (size // len(unit))


def _train_log(size: int) -> str:
    lines = [f"{{'loss': 1.{n % 997}, 'epoch': {n / 1e4:.4f}, 'step': {n}}}\n" for n in range(size // 45)]
    lines.insert(40, "/x/y.py:3: UserWarning: `use_cache=True` is incompatible with gradient checkpointing\n")
    return "".join(lines) + _TRACE


INPUTS: Mapping[str, tuple[Callable[[int], str], int]] = {
    "train.log": (_train_log, 5 * MB),
    "warnings on every line": (
        lambda size: "".join(
            f"step {n} /a/b.py:{n % 90}: UserWarning: x is deprecated\n" for n in range(size // 50)
        ),
        5 * MB,
    ),
    "tracebacks": (_times(_TRACE), 5 * MB),
    "distinct errors": (
        lambda size: "".join(f"{chr(97 + n % 26) * (n % 40)}Error: {n}\n" for n in range(size // 32)),
        5 * MB,
    ),
    "one line": (_times("x"), 5 * MB),
    "one line of words": (_times("the model fails "), 5 * MB),
    "one line of errors": (_times("RuntimeError: "), 5 * MB),
    "[[[[": (_times("["), MB),
    "[1;1;": (_times("[1;1;1;1;1;1;1;1;1;1;"), MB),
    "\\x1b[": (_times("\x1b[1;1;1;1"), MB),
    'File "': (_times('File "'), MB),
    'File " lines': (_times('  File "/a/b", line \n'), MB),
    "\\r progress": (_times("\r 31%|███       | 311/1000 [00:31<01:08, 10.0it/s]"), MB),
    "\\r text": (_times("abc\r"), 5 * MB),
    "\\r\\n": (_times("abc\r\n"), 5 * MB),
    "Chinese": (_times("显存不足怎么办，模型加载失败。\n"), 5 * MB // 3),
    "Chinese in one line": (_times("显存不足怎么办，模型加载失败。"), 5 * MB // 3),
    "emoji": (_times("🤗 loss is nan 🤗\n"), 5 * MB),
    "empty lines": (_times("\n"), 5 * MB),
    "short lines": (_times("ab\n"), 5 * MB),
    "Error lines": (_times("Error\n"), 5 * MB),
    "spaces": (_times(" "), 5 * MB),
    "spaces and x": (_times(" " * 3_000 + "x\n"), 5 * MB),
    "boxes": (_times("│ ❱ 1 │ x │\n"), 5 * MB),
    "control": (_times("\x00\x01\x02"), 5 * MB),
    "a.a.a.a": (_times("a."), MB),
    "A_A_A": (_times("Aa_"), MB),
    "quotes": (_times("'\""), MB),
    "pairs": (_times("a_b=1, "), MB),
    "--flags": (_times("--a-b "), MB),
    "paths": (_times("/home/a/b/"), MB),
    "hub ids": (_times("a/b-7b "), MB),
    "numbers": (_times("4090 x 2 8b "), MB),
    "batch size is to": (_times("batch size is to "), MB),
    "transformers version is": (_times("transformers version is "), MB),
    "token=": (_times("token=abc1"), MB),
    "://": (_times("http://a:"), MB),
    "-----BEGIN": (_times("-----BEGIN RSA PRIVATE KEY-----AAAA"), MB),
    "escaped": (_times('Traceback (most recent call last):\\n  File \\"a\\", line 1\\n'), MB),
    "I tried, tried": (_times("already tried batch size, no, "), MB),
    "pipes": (_times("| a "), MB),
}
_SMALL = 20_000
"""At this size everything is parsed and nothing narrowed: hostile patterns are tried here too."""


def main() -> None:
    _typical()
    double = "--double" in sys.argv
    print(
        f"{'input':28}{'MB':>7}{'seconds':>9}{'peak MB':>9}{'at 20 kB, ms':>14}" + ("  ×2" if double else "")
    )
    for name, (make, size) in INPUTS.items():
        text = make(size)
        seconds, peak = _measured(text)
        small = text[:_SMALL]
        began = time.perf_counter()
        read(small)
        brief = (time.perf_counter() - began) * 1e3
        ratio = f"{seconds / max(1e-4, _measured(make(size // 2))[0]):6.1f}" if double else ""
        print(f"{name:28}{len(text.encode()) / MB:7.1f}{seconds:9.2f}{peak:9.0f}{brief:14.1f}{ratio}")


def _measured(text: str) -> tuple[float, float]:
    began = time.perf_counter()
    read(text)
    seconds = time.perf_counter() - began
    tracemalloc.start()
    read(text)
    peak = tracemalloc.get_traced_memory()[1] / MB
    tracemalloc.stop()
    return seconds, peak


def _typical() -> None:
    folder = Path(__file__).parents[1] / "cases"
    texts = []
    for path in sorted(folder.glob("*.jsonl")):
        for line in path.read_text(encoding="utf-8").splitlines():
            case = json.loads(line)
            texts.append(case.get("input") or case["turns"][-1])
    read(texts[0])
    took = []
    for text in texts:
        began = time.perf_counter()
        read(text)
        took.append((time.perf_counter() - began) * 1e3)
    took.sort()
    print(
        f"{len(took)} typical pastes: median {statistics.median(took):.2f} ms, 95 % {took[int(len(took) * 0.95)]:.2f} ms, most {took[-1]:.1f} ms\n"
    )


if __name__ == "__main__":
    main()
