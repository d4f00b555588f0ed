"""The data set's command: its files, its figures, what it refuses."""

import json
from pathlib import Path

import pytest

from assistant.answering import Answer, Part
from assistant.store import Store
from finetune.dataset import main
from finetune.sample import read_samples


@pytest.fixture
def folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TRACEDOC_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("TRACEDOC_DATA", str(tmp_path / "users"))
    return tmp_path


def test_a_small_data_set(folders: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = folders / "data"
    assert main(["--out", str(out), "--rounds", "1", "--points", "6", "--most", "12"]) == 0
    assert "index build" in capsys.readouterr().err
    assert len(read_samples(out / "train.jsonl")) == 12
    held = read_samples(out / "held.jsonl")
    figures = json.loads((out / "stats.json").read_text())
    assert held
    assert {sample.topic for sample in held} <= set(figures["held_out"])
    assert figures["samples"] == 12
    assert "~~~text" in (out / "sample.md").read_text()


def test_what_users_judged(folders: Path) -> None:
    secret = "hf_" + "aB3dE5gH7jK9mN1pQ2sT"
    turns = [f"HF_TOKEN={secret} and then RuntimeError: CUDA out of memory. Tried to allocate 2.00 GiB"]
    answer = Answer("en", "log", "A.1", 1.0, False, (Part("why", "x"),), "signature")
    Store.open(folders / "users").add_judgement(turns, answer, "good")
    out = folders / "data"
    (folders / "none.jsonl").write_text("")
    arguments = [
        "--out",
        str(out),
        "--rounds",
        "1",
        "--points",
        "1",
        "--feedback",
        "--cases",
        str(folders / "none.jsonl"),
    ]
    assert main(arguments) == 0
    liked = [sample for sample in read_samples(out / "train.jsonl") if sample.id.startswith("liked-")]
    assert len(liked) == 1
    assert secret not in (out / "train.jsonl").read_text()


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [("cases.jsonl", '{"id": 1}\n', "line 1"), ("cases.jsonl", None, "cannot be read")],
)
def test_bad_cases(
    folders: Path, capsys: pytest.CaptureFixture[str], name: str, text: str | None, said: str
) -> None:
    file = folders / name
    if text is not None:
        file.write_text(text)
    assert main(["--out", str(folders / "data"), "--points", "1", "--cases", str(file)]) == 2
    assert said in capsys.readouterr().err


def test_bad_list_of_held_out_topics(folders: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folders / "held.toml").write_text("x = 1")
    assert main(["--out", str(folders / "data"), "--held-out", str(folders / "held.toml")]) == 2
    assert "no list of held-out topics" in capsys.readouterr().err
