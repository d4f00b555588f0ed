"""The index of the libraries' messages: how long its scan takes, how much of what they say it has, how long
a look-up takes, and how often the site that said a real message comes first.

python -m tests.benchmarks.bench_messages          # scan, counts, look-ups
python -m tests.benchmarks.bench_messages --real   # and real messages (some minutes)
"""

import ast
import json
import re
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Iterator
from pathlib import Path

from assistant.messages import find
from assistant.messages.scan import LIBRARIES, folder_of, scan, versions
from assistant.messages.store import Index, opened, place
from assistant.reading import read

CASES = Path(__file__).parent.parent / "cases"
_CALLS = re.compile(r"(?:warnings|logger)\.(?:warn|warning|warning_once|error)|warn|logging\.warning")
_LETTERS = re.compile(r"[A-Za-z]{2}")


def main() -> int:
    with tempfile.TemporaryDirectory() as folder:
        began = time.perf_counter()
        subprocess.run([sys.executable, "-m", "assistant.messages", folder], check=True)
        print(
            f"scan of {', '.join(versions())}: {time.perf_counter() - began:.1f} s in one process (at most 60)"
        )
        file = place(Path(folder), versions())
        print(f"index: {file.stat().st_size / 1e6:.1f} MB")
        index = opened(file)
        shares = [_counted(library) for library in LIBRARIES if library in index.versions]
        slow = _look_ups(index)
        real = _real(index) if "--real" in sys.argv else 1.0
    return int(min(shares) < 0.95 or slow > 5 or real < 0.97)


def _counted(library: str) -> float:
    """Counts raise and warning statements with a text in the source, apart from the scan's own reading."""
    folder = folder_of(library)
    assert folder is not None
    have: dict[str, set[int]] = {}
    patterns = 0
    for site, texts in scan(library, folder):
        have.setdefault(site.file, set()).add(site.line)
        patterns += len(texts)
    total = found = 0
    for file in sorted((folder / library).rglob("*.py")):
        name = file.relative_to(folder).as_posix()
        lines = list(_static(file))
        total += len(lines)
        found += sum(line in have.get(name, ()) for line in lines)
    print(
        f"{library}: {found} of {total} static raise and warning texts ({found / total:.1%}), {patterns} patterns"
    )
    return found / total


def _static(file: Path) -> Iterator[int]:
    """Lines of statements that raise or warn with a text of the source: written there, or held by a name that
    the same file gives a text."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            module = ast.parse(file.read_bytes())
    except (SyntaxError, ValueError):
        return
    held: set[str] = set()
    for node in ast.walk(module):
        if isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
            value = node.value
            if isinstance(value, (ast.JoinedStr, ast.BinOp)) or (
                isinstance(value, ast.Constant) and isinstance(value.value, str)
            ):
                held |= {node.targets[0].id} if _has_text(value, set()) else set()
    for node in ast.walk(module):
        made = node.exc if isinstance(node, ast.Raise) else node.value if isinstance(node, ast.Expr) else None
        if not isinstance(made, ast.Call):
            continue
        if isinstance(node, ast.Expr) and not _CALLS.fullmatch(ast.unparse(made.func)):
            continue
        parts = [*made.args, *(keyword.value for keyword in made.keywords)]
        if any(_has_text(part, held) for part in parts):
            yield node.lineno


def _has_text(node: ast.expr, held: set[str]) -> bool:
    if isinstance(node, ast.Name):
        return node.id in held
    return isinstance(node, (ast.JoinedStr, ast.Constant, ast.BinOp, ast.Call)) and any(
        isinstance(part, ast.Constant) and isinstance(part.value, str) and _LETTERS.search(part.value)
        for part in ast.walk(node)
    )


def _look_ups(index: Index) -> float:
    """CPU milliseconds of a look-up (other processes do not count): of each message of our own cases. Returns the 95th percentile."""
    times: list[float] = []
    matched = asked = 0
    for file in sorted(CASES.glob("*.jsonl")):
        for line in file.read_text(encoding="utf-8").splitlines():
            case = json.loads(line)
            reading = read(case.get("input") or case["turns"][-1])
            asks = [(event.text, None, ()) for event in reading.events]
            asks += [(reading.main.message, reading.main.type, reading.main.frames)] if reading.main else []  # type: ignore[list-item]
            outside = case.get("topic") == "out-of-scope"
            hits = 0
            for message, exception, frames in asks:
                began = time.thread_time()
                hits += bool(find(index, message, exception, frames))
                times.append((time.thread_time() - began) * 1e3)
            asked += outside
            matched += outside and hits > 0
    times.sort()
    middle, late = times[len(times) // 2], times[int(len(times) * 0.95)]
    print(
        f"{len(times)} look-ups, CPU time: median {middle:.2f} ms, 95% {late:.2f} ms, longest {times[-1]:.2f} ms (at most 5)"
    )
    print(f"out of scope: {matched} of {asked} matched")
    return late


def _real(index: Index) -> float:
    from tests.messages.real_errors import real_messages
    from tests.messages.scoring import outcomes

    messages = real_messages()
    shares = {}
    for frames in (True, False):
        results = list(outcomes(index, messages, frames))
        shares[frames] = sum(result.right for result in results) / len(results)
        found = sum(bool(result.found) for result in results)
        print(
            f"{len(results)} real messages {'with' if frames else 'without'} frames: right site first {shares[frames]:.1%}, any found {found}"
        )
        kinds = {result.said.kind for result in results}
        for kind in sorted(kinds):
            of_kind = [result.right for result in results if result.said.kind == kind]
            print(f"  {kind}: {sum(of_kind)} of {len(of_kind)}")
    return shares[True]


if __name__ == "__main__":
    sys.exit(main())
