"""Runs probes at once, each bounded in time, and merges what they found.

One that hangs, fails or is missing its tool costs a line in `unanswered`, never the report.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from typing import Any

    Part = dict[str, Any]
    Probe = tuple[str, Callable[[], Part], float]


GIB = 1 << 30


def collect(probes: Iterable[Probe]) -> Part:
    """The merged parts of all probes (what it looks at, the function, the seconds that it may take)
    that answered in time; `unanswered` lists the others with why."""
    found: dict[str, Part] = {}
    failed: dict[str, str] = {}
    started = time.monotonic()
    running = []
    for name, probe, seconds in probes:
        thread = threading.Thread(target=_answer, args=(name, probe, found, failed), daemon=True)
        thread.start()
        running.append((name, thread, seconds))
    report: Part = {}
    unanswered = []
    for name, thread, seconds in running:
        thread.join(max(0.0, started + seconds - time.monotonic()))
        if name in found:
            merge(report, found[name])
        else:
            unanswered.append(f"{name}: {failed.get(name, f'no answer in {seconds:g} s')}")
    if unanswered:
        report["unanswered"] = [*report.get("unanswered", []), *unanswered]
    return report


def _answer(name: str, probe: Callable[[], Part], found: dict[str, Part], failed: dict[str, str]) -> None:
    try:
        found[name] = probe()
    except BaseException as error:
        failed[name] = f"{type(error).__name__}: {str(error)[:200]}"


def merge(into: Part, part: Mapping[str, Any]) -> None:
    """Adds a part to a report: mappings are merged, lists joined (of GPUs the first list counts), and
    what is there already stays."""
    for key, value in part.items():
        old = into.get(key)
        if isinstance(old, dict) and isinstance(value, dict):
            merge(old, value)
        elif isinstance(old, list) and isinstance(value, list) and old and key != "gpus":
            old.extend(each for each in value if each not in old)
        elif old in (None, "", [], {}):
            into[key] = value


def output(command: list[str], seconds: float) -> str | None:
    """What a program prints, standard error after standard output; None where there is no such program.

    Raises subprocess.TimeoutExpired.
    """
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=seconds,
            env=dict(os.environ, LC_ALL="C"),
            check=False,
        )
    except (FileNotFoundError, PermissionError, NotADirectoryError):
        return None
    return (done.stdout + b"\n" + done.stderr).decode("utf-8", errors="replace")


def python_output(arguments: list[str], seconds: float) -> str:
    """What this Python prints for these arguments until it ends or its time is up: what it had said
    by then counts."""
    run = subprocess.Popen(
        [sys.executable, *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    lines: list[bytes] = []

    def read() -> None:
        if run.stdout:
            lines.extend(iter(run.stdout.readline, b""))

    reader = threading.Thread(target=read, daemon=True)
    reader.start()
    reader.join(seconds)
    if reader.is_alive():
        run.kill()
    return b"".join(list(lines)).decode("utf-8", errors="replace")


def first_line(path: str) -> str:
    """The first line of a small file, "" where it cannot be read."""
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.readline(4096).strip("\0\n ")
    except OSError:
        return ""
