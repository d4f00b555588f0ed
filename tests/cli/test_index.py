"""The commands that need an index, and what happens where there is none to be had."""

import json
import socket
from pathlib import Path

import pytest

from tests.cli.conftest import Tracedoc, Writer
from tests.cli.test_ask import OOM, contract

QUESTION = "What does num_beams do in beam search of transformers generate?"


def test_info_says_how_the_index_is(small: Tracedoc, unbuilt: Tracedoc) -> None:
    fresh = json.loads(small("index", "info", "--json").out)
    missing = json.loads(unbuilt("index", "info", "--json").out)
    assert set(fresh) == {"folder", "status", "reason", "embedder"}
    assert (fresh["status"], missing["status"]) == ("fresh", "missing")
    assert fresh["folder"] == str(small.cache / "index")
    assert "status: fresh" in small("index", "info").out
    assert not (unbuilt.cache / "index").exists()


def test_a_question_is_answered_by_search(small: Tracedoc) -> None:
    done = small("ask", "--json", QUESTION)
    item = contract(done.out)
    assert (done.code, done.err) == (0, "")
    assert (item["topic"], item["basis"]) == ("D.3", "retrieval")


def test_search_prints_passages(small: Tracedoc) -> None:
    done = small("search", "--json", "-k", "3", "多卡训练", "卡住")
    found = json.loads(done.out)
    assert (done.code, done.err) == (0, "")
    assert set(found) == {"query", "hits"}
    assert found["query"] == "多卡训练 卡住"
    assert len(found["hits"]) == 3
    for hit in found["hits"]:
        assert set(hit) == {"passage", "entry", "topic", "lang", "score", "text", "source"}
        assert isinstance(hit["score"], float)
    assert found["hits"][0]["entry"] == "hang"
    scores = [hit["score"] for hit in found["hits"]]
    assert scores == sorted(scores, reverse=True)


def test_search_gives_no_more_than_there_is(small: Tracedoc) -> None:
    done = small("search", "--json", "-k", "100000", "memory")
    assert done.code == 0
    assert 10 < len(json.loads(done.out)["hits"]) < 100
    assert len(small("search", "memory").out.splitlines()) == 10


def test_notes_are_added_and_found(copied: Tracedoc, tmp_path: Path) -> None:
    notes = tmp_path / "mine"
    notes.mkdir()
    (notes / "cluster.md").write_text(
        "# Our cluster\n\nThe zeppelin queue has eight H100 nodes.\n", encoding="utf-8"
    )
    (notes / "ignored.bin").write_bytes(b"\0\1")
    done = copied("index", "add", str(notes))
    assert done.code == 0, done.err
    assert "1 notes added" in done.out
    hit = json.loads(copied("search", "--json", "zeppelin queue nodes").out)["hits"][0]
    assert "eight H100" in hit["text"]


def test_a_damaged_index_is_named_and_rebuilt(copied: Tracedoc) -> None:
    for file in (copied.cache / "index").rglob("*"):
        if file.is_file() and file.suffix not in (".onnx", ".json", ".lock") and file.stat().st_size > 500:
            file.write_bytes(file.read_bytes()[:100])
    assert json.loads(copied("index", "info", "--json").out)["status"] != "fresh"
    done = copied("ask", "--json", QUESTION)
    assert done.code == 0, done.err
    assert contract(done.out)["topic"] == "D.3"
    assert "building the index" in done.err


def test_a_cache_that_cannot_be_written_is_said_in_one_sentence(small: Tracedoc, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    blocked = Tracedoc(small.code, tmp_path / "file", tmp_path / "data")
    assert contract(blocked("ask", "--json", OOM).out)["topic"] == "A.1"
    for arguments in (["ask", QUESTION], ["search", "memory"], ["index", "build"]):
        done = blocked(*arguments)
        assert (done.code, done.out) == (3, "")
        assert done.sentence.startswith("tracedoc: ")
        assert "Traceback" not in done.err


def test_a_batch_stops_where_the_index_cannot_be_had(
    small: Tracedoc, tmp_path: Path, written: Writer
) -> None:
    (tmp_path / "file").write_text("in the way")
    blocked = Tracedoc(small.code, tmp_path / "file", tmp_path / "data")
    file = written("in.jsonl", json.dumps({"id": 1, "input": OOM}), json.dumps({"id": 2, "input": QUESTION}))
    done = blocked("ask", "--batch", str(file))
    assert done.code == 3
    assert [json.loads(line)["id"] for line in done.out.splitlines()] == [1]


@pytest.mark.slow  # sentence-transformers is loaded to find that out
def test_an_embedder_that_is_not_there_is_said_in_one_sentence(small: Tracedoc, tmp_path: Path) -> None:
    wrong = Tracedoc(
        small.code, tmp_path / "cache", tmp_path / "data", {"TRACEDOC_EMBEDDER": "/no/such/model"}
    )
    done = wrong("index", "build")
    assert (done.code, done.out) == (3, "")
    assert "/no/such/model" in done.err
    assert "Traceback" not in done.err


def test_a_port_in_use_is_said_in_one_sentence(tracedoc: Tracedoc) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = tracedoc("serve", "--port", str(port))
    assert (done.code, done.out) == (3, "")
    assert f"port {port} is in use" in done.err
    assert done.err.count("\n") == 1
