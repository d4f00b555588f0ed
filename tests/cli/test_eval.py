"""`tracedoc eval`: figures for people and as JSON, runs that are compared, a picture, gaps."""

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Tracedoc, Writer
from tests.cli.test_ask import OOM

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
    assert set(figures) == {
        "groups",
        "retrieval",
        "confusions",
        "threshold",
        "risk_coverage",
        "calibration",
        "calibration_error",
    }
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
        name in shown.out for name in ("wr. abst.", "recall at 1", "- c [A.4]", "['unicorn']", "WRONG ADVICE")
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


LINES = (
    json.dumps(
        {
            "id": "oom",
            "kind": "log",
            "lang": "en",
            "topic": "A.1",
            "input": OOM,
            "must": [["memory"], ["absent"]],
        }
    ),
    json.dumps({"topic": "out-of-scope", "input": "who won the cup", "lang": "en", "kind": "question"}),
)


def test_figures_as_json_and_as_a_table_agree(small: Tracedoc, written: Writer, tmp_path: Path) -> None:
    file = written("cases.jsonl", *LINES)
    saved, drawn = tmp_path / "run.json", tmp_path / "run.svg"
    done = small("eval", str(file), "--json", "--save", str(saved), "--picture", str(drawn))
    assert done.code == 0, done.err
    found = json.loads(done.out)
    every = found["groups"]["all"]
    assert (every["cases"], every["outside"], every["topic"], every["points"]) == (1, 1, 1.0, 0.5)
    assert every["recall_at_5"] == 1.0
    assert {"lang en", "kind log", "topic A.1", "topic out-of-scope"} <= set(found["groups"])
    assert len(found["risk_coverage"]) == 101
    assert drawn.read_text(encoding="utf-8").startswith("<svg")
    assert set(json.loads(saved.read_text(encoding="utf-8"))["cases"]) == {"oom", "cases.jsonl:2"}
    shown = small("eval", str(file), "--show", "--compare", str(saved))
    assert shown.code == 0, shown.err
    assert "recall at 1 1.000" in shown.out
    assert "missing [['absent']]" in shown.out
    assert "better: none" in shown.out
    assert "worse: none" in shown.out


def test_bad_use_is_one_sentence(tracedoc: Tracedoc, written: Writer, tmp_path: Path) -> None:
    file = str(written("cases.jsonl", LINES[0]))
    for arguments, says in {
        (): "nothing to score",
        (str(written("none.jsonl")),): "there are no cases",
        (str(tmp_path / "missing.jsonl"),): "cannot read",
        (file, "--compare", file): "no saved run",
        (file, "--gaps"): "no files of cases",
        (file, "-k", "0"): "-k is a number",
    }.items():
        done = tracedoc("eval", *arguments)
        assert (done.code, done.out) == (2, ""), arguments
        assert says in done.sentence
        assert done.err.count("\n") == 1


def test_gaps_of_an_empty_store(tracedoc: Tracedoc) -> None:
    assert "No stored question" in tracedoc("eval", "--gaps").out
    assert json.loads(tracedoc("eval", "--gaps", "--json").out) == {"gaps": []}
