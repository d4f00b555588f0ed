"""The scan runs apart, once; the index is there afterwards, and a damaged one is made anew."""

import sqlite3
import time
from pathlib import Path

import pytest

from assistant.messages import background, scan


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only the smallest library counts as installed."""
    installed = scan.versions(("tokenizers",))
    monkeypatch.setattr(background, "versions", lambda: installed)


@pytest.mark.usefixtures("few")
def test_made_once_then_ready(tmp_path: Path) -> None:
    assert background.ready(tmp_path) is None
    file = background.make(tmp_path)
    assert file is not None
    index = background.ready(tmp_path)
    assert index is not None
    assert set(index.versions) == {"tokenizers"}
    written = file.stat().st_mtime_ns
    assert background.make(tmp_path) == file
    assert file.stat().st_mtime_ns == written
    assert not background.start_scan(tmp_path)


@pytest.mark.usefixtures("few")
def test_a_damaged_file_is_no_index_and_goes_away(tmp_path: Path) -> None:
    file = background.make(tmp_path)
    assert file is not None
    file.write_bytes(b"not a database" * 100)
    background._opened.clear()
    assert background.ready(tmp_path) is None
    assert background.make(tmp_path) == file
    assert background.ready(tmp_path) is not None


def test_the_process_starts_without_waiting(tmp_path: Path) -> None:
    assert background.ready(tmp_path) is None
    assert background.start_scan(tmp_path)
    assert not background.start_scan(tmp_path)  # one is enough
    process = background._running[tmp_path]
    try:
        deadline = time.monotonic() + 120
        while not list(tmp_path.glob("messages/*.lock")) and time.monotonic() < deadline:
            time.sleep(0.05)
        assert list(tmp_path.glob("messages/*.lock"))
        assert background.make(tmp_path) is None  # another process is at it
    finally:
        process.kill()
        process.wait()
    assert not list(tmp_path.glob("messages/*.sqlite"))


@pytest.mark.usefixtures("few")
def test_sites_are_of_the_installed_files(tmp_path: Path) -> None:
    file = background.make(tmp_path)
    assert file is not None
    connection = sqlite3.connect(file)
    rows = connection.execute("select file, line from sites").fetchall()
    folder = Path(connection.execute("select folder from libraries").fetchone()[0])
    connection.close()
    assert len(rows) > 5
    for name, line in rows:
        text = (folder / name).read_text(encoding="utf-8").splitlines()[line - 1]
        assert "raise" in text or "warn" in text or "logger" in text
