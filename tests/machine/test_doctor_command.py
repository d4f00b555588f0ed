"""`tracedoc doctor`: what it prints, in which language, and its exit codes."""

import io
import json
from pathlib import Path

import jsonschema
import pytest

from assistant.cli.main import main
from assistant.machine import schema_text

FULL_CARD = """
| NVIDIA-SMI 550.54.15              Driver Version: 550.54.15      CUDA Version: 12.4     |
|   0  NVIDIA A10                     Off |   00000000:01:00.0 Off |                    0 |
|  0%   41C    P8              9W /  150W |   22000MiB /  23028MiB |      0%      Default |
"""
OLD_DRIVER = "torch 2.11.0+cu130\n| NVIDIA-SMI 535.54  Driver Version: 535.54  CUDA Version: 12.2 |\n"
UNKNOWN_MODEL = "- `transformers` version: 4.44.2\n\nKeyError: 'qwen2_vl'\n"


@pytest.fixture(autouse=True)
def folders(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory):
    monkeypatch.setenv("TRACEDOC_CACHE", str(tmp_path_factory.getbasetemp() / "cache"))
    monkeypatch.setenv("TRACEDOC_DATA", str(tmp_path_factory.getbasetemp() / "data"))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")


def doctor(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = main(["doctor", *arguments])
    said = capsys.readouterr()
    return code, said.out, said.err


def pasted(tmp_path: Path, text: str | bytes) -> str:
    file = tmp_path / "report.txt"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return str(file)


def test_json_conforms_to_the_schema_that_is_printed(capsys: pytest.CaptureFixture[str], tmp_path: Path):
    code, out, err = doctor(capsys, "--json", "--from", pasted(tmp_path, FULL_CARD))
    assert (code, err) == (0, "")
    data = json.loads(out)
    _, schema, _ = doctor(capsys, "--schema")
    assert schema == schema_text()
    jsonschema.Draft202012Validator(json.loads(schema)).validate(data)
    assert data["source"] == "pasted"
    assert data["gpus"][0]["free_gib"] == 1.0
    assert [finding["id"] for finding in data["findings"]] == ["gpu-memory-taken"]


def test_an_error_gives_exit_code_1(capsys: pytest.CaptureFixture[str], tmp_path: Path):
    code, out, _ = doctor(capsys, "--from", pasted(tmp_path, OLD_DRIVER))
    assert code == 1
    assert "[error] The NVIDIA driver is too old for this torch" in out


def test_errors_in_the_text_are_explained_by_the_corpus(capsys: pytest.CaptureFixture[str], tmp_path: Path):
    code, out, _ = doctor(capsys, "--json", "--from", pasted(tmp_path, UNKNOWN_MODEL))
    (finding,) = json.loads(out)["findings"]
    assert code == 0
    assert finding["entry"] == finding["id"] == "unrecognized-architecture"
    assert "transformers" in finding["fix"]
    assert "```" not in finding["fix"]


def test_reads_a_pipe(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch):
    stream = io.TextIOWrapper(io.BytesIO(FULL_CARD.encode()))
    monkeypatch.setattr("sys.stdin", stream)
    code, out, _ = doctor(capsys, "--from", "-")
    assert code == 0
    assert "1.0 of 22.49 GiB free" in out


def test_markdown_and_chinese(capsys: pytest.CaptureFixture[str], tmp_path: Path):
    _, out, _ = doctor(capsys, "--markdown", "--lang", "zh", "--from", pasted(tmp_path, FULL_CARD))
    assert out.startswith("### 机器报告")
    assert "| GPU | 0: NVIDIA A10" in out
    assert "**警告**" in out


def test_the_language_follows_the_words_around_a_report(capsys: pytest.CaptureFixture[str], tmp_path: Path):
    _, out, _ = doctor(
        capsys, "--from", pasted(tmp_path, f"显存不够，请问这是为什么？我的机器如下：\n{FULL_CARD}")
    )
    assert "发现的问题" in out


def test_this_machine(capsys: pytest.CaptureFixture[str]):
    _, out, _ = doctor(capsys, "--json", "--no-torch", "--no-hub")
    data = json.loads(out)
    assert data["source"] == "this machine"
    assert data["packages"]["torch"]
    assert "torch" not in data
    assert "hub" not in data["environment"]


@pytest.mark.slow
def test_this_machine_with_torch(capsys: pytest.CaptureFixture[str]):
    _, out, _ = doctor(capsys, "--json", "--no-hub")
    data = json.loads(out)
    if "unanswered" in data:  # a busy machine: the report is there all the same
        assert data["unanswered"][0].startswith("torch: no answer")
    else:
        assert data["torch"]["version"] == data["packages"]["torch"]
        assert isinstance(data["torch"]["available"], bool)


def test_the_script_is_printed(capsys: pytest.CaptureFixture[str]):
    code, out, _ = doctor(capsys, "--script")
    assert code == 0
    compile(out, "script", "exec")


def test_what_cannot_be_read_gets_one_sentence(capsys: pytest.CaptureFixture[str], tmp_path: Path):
    assert doctor(capsys, "--from", str(tmp_path / "none.txt"))[0] == 2
    code, out, err = doctor(capsys, "--from", pasted(tmp_path, " \n"))
    assert (code, out) == (2, "")
    assert err.count("\n") == 1
    assert "empty" in err
    code, _, err = doctor(capsys, "--from", pasted(tmp_path, b"x" * (21 << 20)))
    assert code == 2
    assert "20 MB" in err


def test_any_bytes_are_taken(capsys: pytest.CaptureFixture[str], tmp_path: Path):
    code, out, _ = doctor(capsys, "--from", pasted(tmp_path, bytes(range(256)) * 40))
    assert code == 0
    assert "states nothing about a machine" in out
    assert doctor(capsys, "--json", "--from", pasted(tmp_path, b"\xff\xfe\x00"))[0] == 0
