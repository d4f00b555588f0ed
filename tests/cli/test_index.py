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


CASES = [
    {
        "id": "a",
        "kind": "traceback",
        "lang": "en",
        "topic": "A.1",
        "input": OOM,
        "must": [["batch"], ["re:bf ?16"]],
    },
    {
        "id": "b",
        "lang": "zh",
        "topic": "D.3",
        "turns": [OOM, "num_beams 是什么？束搜索 generate"],
        "never": ["beam"],
    },
    {
        "id": "c",
        "lang": "en",
        "topic": "A.4",
        "also": ["A.1"],
        "input": OOM,
        "must": [["unicorn", "batch"], ["unicorn"]],
    },
    {"id": "d", "lang": "en", "topic": "out-of-scope", "input": "How do I bake bread?"},
]


def test_eval_scores_cases(small: Tracedoc, written: Writer) -> None:
    file = written("cases.jsonl", *map(json.dumps, CASES))
    done = small("eval", "--json", str(file))
    figures = json.loads(done.out)
    assert done.code == 0, done.err
    assert set(figures) == {"groups", "retrieval", "confusions"}
    every = figures["groups"]["all"]
    assert (every["cases"], every["outside"]) == (3, 1)
    assert (every["topic"], every["points"], every["never"]) == (1.0, 0.75, 0.3333)
    assert (every["abstained"], every["wrongly_abstained"]) == (1.0, 0.0)
    assert every["complete"] == 0.3333
    assert set(figures["retrieval"]) == {"recall_at_1", "recall_at_5", "mrr"}
    assert figures["confusions"] == []
    shown = small("eval", "--show", str(file))
    assert shown.code == 0
    assert all(
        name in shown.out for name in ("wrongly_ab", "retrieval:", "- c [A.4]", "['unicorn']", "NEVER")
    )


NO_CASES = {
    "no topic": '{"id": "x", "input": "a"}',
    "no input": '{"id": "x", "topic": "A.1"}',
    "not JSON": "{",
    "no object": "[1]",
    "must that is no list of lists": '{"topic": "A.1", "input": "a", "must": ["a"]}',
    "bad pattern": '{"topic": "A.1", "input": "a", "must": [["re:("]]}',
    "never that is no text": '{"topic": "A.1", "input": "a", "never": [3]}',
}


@pytest.mark.parametrize("text", NO_CASES.values(), ids=NO_CASES)
def test_a_line_that_is_no_case_is_named(unbuilt: Tracedoc, written: Writer, text: str) -> None:
    done = unbuilt("eval", str(written("cases.jsonl", json.dumps(CASES[0]), text)))
    assert (done.code, done.out) == (2, "")
    assert "line 2 of" in done.err
    assert done.err.count("\n") == 1


def test_a_file_without_cases_is_refused(unbuilt: Tracedoc, written: Writer) -> None:
    done = unbuilt("eval", str(written("cases.jsonl", "")))
    assert (done.code, done.out) == (2, "")
