"""The kept corpus saves time and is otherwise not noticed."""

import os
from pathlib import Path

import pytest

from corpus import Corpus, load
from corpus.files import write_atomic
from tests.corpus.sample_text import ENTRY, spoiled
from tests.sample import ENTRIES


@pytest.fixture
def entries(tmp_path: Path) -> Path:
    folder = tmp_path / "entries"
    folder.mkdir()
    (folder / "sample.md").write_text(ENTRY, encoding="utf-8")
    return folder


def kept(cache: Path) -> list[Path]:
    return sorted(cache.glob("corpus-*.json"))


def test_equal_after_a_round_trip(tmp_path: Path) -> None:
    first = load(ENTRIES, tmp_path)
    assert len(kept(tmp_path)) == 1
    again = load(ENTRIES, tmp_path)
    assert again == first == load(ENTRIES)
    assert isinstance(again.entries[0].points[0].why["en"], tuple)


def test_the_kept_form_is_what_is_read(
    entries: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = load(entries, tmp_path / "cache")
    monkeypatch.setattr("corpus.parse.parse_entry", lambda *_: pytest.fail("the file was parsed again"))
    assert load(entries, tmp_path / "cache") == first


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{",
        b"\xff\xfe",
        b"[]",
        b"null",
        b"{}",
        b'{"hash": "x"}',
        b'{"hash": "x", "entries": 3}',
        b'{"hash": "x", "entries": [[]]}',
        b'{"hash": "x", "entries": [{"id": "a", "points": 1}]}',
        b'{"hash": "x", "entries": [{"points": [{"why": []}]}]}',
        b"[" * 200_000,
    ],
    ids=lambda data: repr(data[:30]),
)
def test_a_damaged_cache_is_passed_over_and_written_anew(entries: Path, tmp_path: Path, data: bytes) -> None:
    cache = tmp_path / "cache"
    first = load(entries, cache)
    (file,) = kept(cache)
    whole = file.read_bytes()
    file.write_bytes(data)
    assert load(entries, cache) == first
    assert file.read_bytes() == whole


def test_a_cache_that_cannot_be_written_is_passed_over(entries: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    for cache in (tmp_path / "file", tmp_path / "file" / "below"):
        assert len(load(entries, cache).entries) == 1


def changed(folder: Path) -> None:
    (folder / "sample.md").write_text(spoiled("A noise.", "A loud noise."), encoding="utf-8")


def touched(folder: Path) -> None:
    text = (folder / "sample.md").read_text(encoding="utf-8")
    (folder / "sample.md").write_text(text.replace("A noise.", "A nоise."), encoding="utf-8")
    stat = (folder / "sample.md").stat()
    os.utime(folder / "sample.md", ns=(stat.st_atime_ns, stat.st_mtime_ns + 1))


def added(folder: Path) -> None:
    (folder / "other.md").write_text(spoiled("id: sample", "id: other"), encoding="utf-8")


@pytest.mark.parametrize("change", [changed, touched, added])
def test_changed_files_are_read_anew_and_the_old_form_dropped(
    entries: Path, tmp_path: Path, change: object
) -> None:
    cache = tmp_path / "cache"
    before = load(entries, cache)
    assert callable(change)
    change(entries)
    after = load(entries, cache)
    assert after != before
    assert after.hash != before.hash
    assert after == load(entries)
    assert len(kept(cache)) == 1


def test_the_hash_does_not_depend_on_where_the_files_lie(entries: Path, tmp_path: Path) -> None:
    moved = tmp_path / "elsewhere"
    moved.mkdir()
    (moved / "sample.md").write_bytes((entries / "sample.md").read_bytes())
    assert load(moved).hash == load(entries).hash


def test_an_empty_folder_is_an_empty_corpus(tmp_path: Path) -> None:
    assert load(tmp_path, tmp_path / "cache").entries == Corpus((), "").entries


def failing(*_: object) -> None:
    raise OSError(28, "No space left on device")


@pytest.mark.parametrize("step", ["fsync", "replace"])
def test_a_failing_write_leaves_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    file = tmp_path / "file.json"
    write_atomic(file, b"old")
    monkeypatch.setattr(f"corpus.files.os.{step}", failing)
    with pytest.raises(OSError, match="No space"):
        write_atomic(file, b"new")
    assert file.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [file]


def test_a_write_replaces_the_whole_file(tmp_path: Path) -> None:
    file = tmp_path / "file.json"
    write_atomic(file, b"a long first text")
    write_atomic(file, b"short")
    assert file.read_bytes() == b"short"
    assert list(tmp_path.iterdir()) == [file]
