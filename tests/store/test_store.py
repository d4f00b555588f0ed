"""Turns and judgements in a real SQLite file."""

import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from assistant.store import Store, StoreFault
from tests.sample import answer

OOM = "torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB"


def rows(file: Path, query: str) -> list[tuple[object, ...]]:
    with sqlite3.connect(file) as database:
        return database.execute(query).fetchall()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "made" / "tracedoc.sqlite"


def test_a_judgement_is_kept_with_what_was_retrieved(file: Path) -> None:
    store, found = Store.open(file.parent), answer(OOM)
    store.add_turn([OOM], found)
    store.add_judgement([OOM], found, "wrong_cause")
    store.add_judgement([OOM], found, "good")
    turns = rows(file, "SELECT topic, entry, basis, confidence, passages, turns, answer FROM turns")
    assert len(turns) == 1
    topic, entry, basis, confidence, passages, asked, text = turns[0]
    assert (topic, entry, basis) == ("A.1", "memory", "signature")
    assert isinstance(confidence, float)
    assert found.citations[0].passage in str(passages)
    assert "2.00 GiB" in str(asked)
    assert text == found.markdown
    assert rows(file, "SELECT turn_id, value FROM judgements") == [(1, "wrong_cause"), (1, "good")]


def test_secrets_are_not_kept(file: Path) -> None:
    token = "hf_" + "aB3dE5gH7jK9mN1pQ2rS4tU6vW8xY0zA1b"
    Store.open(file.parent).add_turn([f"{OOM}\nlogin(token='{token}')"], answer(OOM))
    assert token.encode() not in b"".join(each.read_bytes() for each in file.parent.iterdir())


def test_what_databases_refuse_is_kept_all_the_same(file: Path) -> None:
    text = f"{OOM}\0\ud800"
    Store.open(file.parent).add_turn([text], answer(OOM))
    assert rows(file, "SELECT count(*) FROM turns") == [(1,)]


def test_an_unwritable_store_is_said_once_and_costs_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("not a folder")
    store = Store.open(tmp_path / "file")
    for _ in range(3):
        store.add_turn([OOM], answer(OOM))
    assert capsys.readouterr().err.count("conversations are not kept") == 1
    with pytest.raises(StoreFault, match="the database says"):
        store.add_judgement([OOM], answer(OOM), "good")


@pytest.mark.parametrize("url", ["nonsense", "nosuch://x/y", "postgresql+psycopg2://localhost:1/none"])
def test_a_database_that_cannot_be_had_is_one_sentence(url: str) -> None:
    with pytest.raises(StoreFault) as fault:
        Store(url).add_judgement([OOM], answer(OOM), "good")
    assert "\n" not in str(fault.value)


def test_a_damaged_file_is_one_sentence(file: Path) -> None:
    file.parent.mkdir()
    file.write_bytes(b"this is not a database" * 100)
    with pytest.raises(StoreFault, match="the database says"):
        Store.open(file.parent).add_judgement([OOM], answer(OOM), "good")


WRITER = """
import sys
from pathlib import Path
from assistant.store import Store
from tests.sample import answer
store, found = Store.open(Path(sys.argv[1])), answer({text!r})
for n in range(25):
    store.add_judgement([f"{text}" + str(n)], found, "good")
""".replace("{text!r}", repr(OOM)).replace("{text}", OOM)


def test_two_servers_open_and_write_one_file_at_once(file: Path) -> None:
    root = Path(__file__).parent.parent.parent
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", WRITER, str(file.parent)],
            cwd=root,
            env={**os.environ, "PYTHONPATH": str(root)},
            stderr=subprocess.PIPE,
        )
        for _ in range(2)
    ]
    for writer in writers:
        _, errors = writer.communicate(timeout=60)
        assert (writer.returncode, errors) == (0, b"")
    assert rows(file, "SELECT count(*) FROM turns") == [(25,)]
    assert rows(file, "SELECT count(*) FROM judgements") == [(50,)]
