"""`tracedoc ask --batch`: one line in, one line out, in order, whatever the lines are."""

import json
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

from tests.cli.conftest import Tracedoc, Writer
from tests.cli.test_ask import OOM, contract

HANG = "Watchdog caught collective operation timeout: WorkNCCL(SeqNum=5, OpType=ALLREDUCE)"


def line(**item: Any) -> str:
    return json.dumps(item, ensure_ascii=False)


def test_each_line_is_answered_in_its_place(tracedoc: Tracedoc, written: Writer) -> None:
    file = written(
        "in.jsonl",
        line(id="a", input=OOM),
        line(id="turns", turns=[f"batch_size=1 {OOM}", OOM]),
        line(input=HANG),
        "",
        line(id=7, input=f"{OOM}\u2028 and \u0085 more"),
        line(id="case", input=OOM, topic="A.1", must=[["x"]]),
    )
    done = tracedoc("ask", "--batch", str(file))
    items = [contract(f"{text}\n") for text in done.out.splitlines()]
    assert (done.code, done.err) == (0, "")
    assert [json.loads(text)["id"] for text in done.out.splitlines()] == [item["id"] for item in items]
    assert [item["id"] for item in items[:4]] == ["a", "turns", 3, 7]
    assert [item["topic"] for item in items[:4]] == ["A.1", "A.1", "A.4", "A.1"]


BAD = {
    "not JSON": "{",
    "a text": '"hello"',
    "a list": "[1, 2]",
    "a number": "5",
    "null": "null",
    "nothing to answer": '{"id": "n"}',
    "input that is no text": '{"id": "n", "input": 5}',
    "no turns": '{"id": "n", "turns": []}',
    "turns that are no list": '{"id": "n", "turns": "x"}',
    "turns that are no texts": '{"id": "n", "turns": ["x", null]}',
    "nested too deeply": "[" * 100_000,
    "a Python literal": "{'id': 'n', 'input': 'x'}",
}


def test_a_bad_line_gives_its_error_in_its_place(tracedoc: Tracedoc, written: Writer) -> None:
    lines = [text for bad in BAD.values() for text in (line(id="good", input=OOM), bad)]
    done = tracedoc("ask", "--batch", str(written("in.jsonl", *lines)))
    items = [json.loads(text) for text in done.out.splitlines()]
    assert (done.code, done.err) == (0, "")
    assert [item["topic"] for item in items[0::2]] == ["A.1"] * len(BAD)
    for number, (bad, item) in enumerate(zip(BAD.values(), items[1::2], strict=True), 1):
        assert set(item) == {"id", "error"}
        assert item["id"] == ("n" if '"id"' in bad else 2 * number)
        assert len(item["error"]) > 10


def test_a_line_that_is_too_large_is_a_bad_line(tracedoc: Tracedoc, written: Writer) -> None:
    file = written("in.jsonl", line(id="big", turns=["x" * (21 << 20), OOM]), line(id="good", input=OOM))
    first, second = map(json.loads, tracedoc("ask", "--batch", str(file)).out.splitlines())
    assert (first["id"], "20 MB" in first["error"], second["topic"]) == ("big", True, "A.1")


def test_what_utf8_cannot_write_is_replaced(tracedoc: Tracedoc, tmp_path: Path) -> None:
    file = tmp_path / "in.jsonl"
    file.write_bytes(
        b'\xef\xbb\xbf{"id": "\\ud800", "input": "\\udfff %s"}\n{"id": "\xff", "input": "\xff %s"}\n'
        % (OOM.encode(), OOM.encode())
    )
    done = tracedoc("ask", "--batch", str(file))
    items = [json.loads(text) for text in done.out.splitlines()]
    assert done.code == 0, done.err
    assert [item["topic"] for item in items] == ["A.1", "A.1"]


def test_an_empty_batch_has_no_answers(tracedoc: Tracedoc, written: Writer) -> None:
    done = tracedoc("ask", "--batch", str(written("in.jsonl")))
    assert (done.code, done.out, done.err) == (0, "", "")


def test_options_hold_for_every_line(tracedoc: Tracedoc, written: Writer) -> None:
    file = written("in.jsonl", *[line(id=n, input=OOM) for n in range(3)])
    done = tracedoc("ask", "--batch", str(file), "--lang", "zh", "--preset", "creative")
    items = [contract(f"{text}\n") for text in done.out.splitlines()]
    assert {(item["lang"], item["preset"]) for item in items} == {("zh", "creative")}


def started(tracedoc: Tracedoc, file: Path) -> subprocess.Popen[bytes]:
    process = tracedoc.start("ask", "--batch", str(file))
    assert process.stdout is not None
    assert process.stdout.readline()
    return process


def test_an_interrupt_ends_a_batch_without_a_traceback(tracedoc: Tracedoc, written: Writer) -> None:
    process = started(tracedoc, written("in.jsonl", *[line(id=n, input=OOM) for n in range(50_000)]))
    time.sleep(0.1)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=30)
    assert process.returncode == 130
    assert err == b"tracedoc: stopped.\n"


def test_a_reader_that_goes_away_ends_a_batch_quietly(tracedoc: Tracedoc, written: Writer) -> None:
    process = started(tracedoc, written("in.jsonl", *[line(id=n, input=OOM) for n in range(50_000)]))
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    assert process.wait(timeout=60) == 0
    assert process.stderr.read() == b""
