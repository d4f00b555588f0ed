"""`tracedoc ground`: a line out for each line in, in order; a bad line says what is wrong in its place."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
GOOD = {"id": "a", "evidence": ["Set `x_y=1`."], "question": "", "text": "Set `x_y=1` [1]. Use `z_z=2` [1]."}
CHINESE = {"id": "b", "evidence": ["设置 `x_y=1`。"], "text": "设置 `x_y=2` [1]。"}
BAD = [
    "nonsense",
    "[1]",
    '{"id": 5, "text": "x"}',
    '{"text": 1, "evidence": []}',
    '{"text": "x", "evidence": "y"}',
]


def ground(*arguments: str, stdin: bytes = b"") -> "subprocess.CompletedProcess[bytes]":
    command = [sys.executable, "-m", "assistant", "ground", *arguments]
    return subprocess.run(command, cwd=ROOT, input=stdin, capture_output=True, check=False, timeout=60)


@pytest.fixture(scope="module")
def lines() -> bytes:
    return "\n".join([json.dumps(GOOD), *BAD, "", json.dumps(CHINESE, ensure_ascii=False)]).encode()


def test_json(lines: bytes, tmp_path: Path) -> None:
    file = tmp_path / "texts.jsonl"
    file.write_bytes(lines)
    done = ground("--json", str(file))
    assert (done.returncode, done.stderr) == (0, b"")
    first, *bad, last = map(json.loads, done.stdout.decode().splitlines())
    assert [one["supported"] for one in first["sentences"]] == [True, False]
    assert set(first["sentences"][0]) == {"text", "supported", "why"}
    assert "z_z" in first["sentences"][1]["why"]
    assert (first["id"], first["grounded"]) == ("a", 0.5)
    assert len(bad) == len(BAD)
    assert all(set(one) == {"id", "error"} for one in bad)
    assert bad[2]["id"] == 5
    assert "证据" in last["sentences"][0]["why"]


def test_pipe_and_table(lines: bytes) -> None:
    assert ground("--json", "-", stdin=lines).stdout.count(b"\n") == len(BAD) + 2
    table = ground("-", stdin=lines).stdout.decode()
    assert "a: 50%" in table
    assert "NO" in table


def test_a_missing_file() -> None:
    done = ground("--json", "no-such-file.jsonl")
    assert done.returncode == 2
    assert done.stdout == b""
    assert done.stderr.count(b"\n") == 1
