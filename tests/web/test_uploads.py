"""Files that people attach."""

import json
from pathlib import Path

import pytest

from assistant.limits import MAX_INPUT
from assistant.web.uploads import UploadFault, read_upload
from assistant.web.words import words


def file(folder: Path, name: str, content: bytes) -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("name", ["a.log", "a.TXT", "a.py", "a.json", "a.yaml"])
def test_text_is_read(tmp_path: Path, name: str) -> None:
    assert read_upload(file(tmp_path, name, "错误: x\r\n".encode())) == "错误: x\r\n"


def test_windows_encodings_are_read(tmp_path: Path) -> None:
    assert read_upload(file(tmp_path, "a.log", "RuntimeError: é".encode("utf-16"))) == "RuntimeError: é"
    assert read_upload(file(tmp_path, "b.log", b"\xef\xbb\xbfx")) == "x"
    assert read_upload(file(tmp_path, "c.log", b"caf\xe9")) == "caf\ufffd"


def test_a_notebook_gives_code_and_traceback(tmp_path: Path) -> None:
    cells = [
        {"cell_type": "markdown", "source": "no"},
        {
            "cell_type": "code",
            "source": ["import torch\n", "train()"],
            "outputs": [
                {"output_type": "stream", "text": ["step 1\n"]},
                {"output_type": "execute_result", "data": {"text/plain": "42"}},
                {"output_type": "error", "traceback": ["Traceback", "RuntimeError: boom"]},
            ],
        },
    ]
    text = read_upload(file(tmp_path, "a.ipynb", json.dumps({"cells": cells}).encode()))
    assert text == "import torch\ntrain()\n\nstep 1\n\n\n42\n\nTraceback\nRuntimeError: boom"


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("a.exe", b"MZ", "upload_kind"),
        ("noname", b"x", "upload_kind"),
        ("a.log", b"abc\0def", "upload_binary"),
        ("a.log", b"x" * (MAX_INPUT + 1), "upload_large"),
        ("a.ipynb", b"not json", "upload_notebook"),
        ("a.ipynb", b"[]", "upload_notebook"),
        ("a.ipynb", b'{"cells": [1]}', "upload_notebook"),
        ("a.ipynb", b'{"cells": [{"cell_type": "code", "source": 5}]}', "upload_notebook"),
        ("a.ipynb", b'{"cells":' + b"[" * 100_000, "upload_notebook"),
    ],
)
def test_what_cannot_be_used_is_said_in_one_sentence(
    tmp_path: Path, name: str, content: bytes, reason: str
) -> None:
    with pytest.raises(UploadFault) as fault:
        read_upload(file(tmp_path, name, content))
    assert fault.value.reason == reason
    for lang in ("en", "zh"):
        sentence = fault.value.sentence(words()[lang][reason])
        assert name in sentence
        assert "{" not in sentence
    if reason == "upload_large":
        assert "20 MB" in sentence


def test_a_missing_file_is_said(tmp_path: Path) -> None:
    with pytest.raises(UploadFault, match="upload_unreadable"):
        read_upload(tmp_path / "gone.log")


def test_a_name_cannot_bring_markup() -> None:
    sentence = UploadFault("upload_kind", "a`<b>`.exe").sentence("{name} no")
    assert sentence == "`a<b>.exe` no"
