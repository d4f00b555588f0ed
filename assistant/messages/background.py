"""Makes the index in a process of its own, at low priority, once for each set of library versions; and
opens it without waiting.

python -m assistant.messages CACHE    # the process
"""

import contextlib
import gc
import os
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

from filelock import FileLock, Timeout

from assistant.messages.scan import versions
from assistant.messages.store import Index, build, opened, place

_KEPT = 3
"""Indexes of other version sets (other environments with the same cache folder) that stay."""
_LOWEST = 10
_opened: dict[Path, Index] = {}
_asked = threading.Lock()
_running: dict[Path, "subprocess.Popen[bytes]"] = {}


def ready(cache: Path) -> Index | None:
    """The index for what is installed now; None while there is none (see `start_scan`). Never waits for
    a scan; a damaged file is removed, so that the next scan makes it anew."""
    file = place(cache, versions())
    if file in _opened and file.exists():
        return _opened[file]
    if not file.exists():
        return None
    try:
        _opened[file] = opened(file)
    except (sqlite3.Error, OSError):
        with contextlib.suppress(OSError):
            file.unlink()
        return None
    return _opened[file]


def start_scan(cache: Path) -> bool:
    """Starts the scan in the background unless the index is there or a scan is running in this process;
    whether one was started. Another process that scans already makes this one end at once."""
    if ready(cache) is not None:
        return False
    with _asked:
        running = _running.get(cache)
        if running is not None and running.poll() is None:
            return False
        try:
            _running[cache] = subprocess.Popen(
                [sys.executable, "-m", "assistant.messages", str(cache)],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                cwd=Path(__file__).parents[2],
            )
        except OSError:
            return False
    return True


def make(cache: Path) -> Path | None:
    """Scans now, in this process; None where another process is at it. Raises OSError, sqlite3.Error."""
    libraries = versions()
    file = place(cache, libraries)
    file.parent.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(f"{file}.lock", timeout=0):
            if not file.exists():
                build(file, libraries)
            _forget_old(file)
    except Timeout:
        return None
    return file


def main(cache: Path) -> int:
    """The process's work. A syntax tree has no cycles, so that without the collector of cycles it takes
    half the time."""
    if hasattr(os, "nice"):
        os.nice(_LOWEST)
    gc.disable()
    try:
        make(cache)
    except (OSError, sqlite3.Error) as error:
        print(f"tracedoc: the index of messages could not be written to {cache}: {error}", file=sys.stderr)
        return 3
    return 0


def _forget_old(file: Path) -> None:
    """Removes the indexes of versions that have not been in use for longest."""
    others = [other for other in file.parent.glob("*.sqlite") if other != file]
    for old in sorted(others, key=lambda other: -other.stat().st_mtime)[_KEPT:]:
        with contextlib.suppress(OSError):
            old.unlink()
            Path(f"{old}.lock").unlink()
