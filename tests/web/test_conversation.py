"""The browser's conversation as the pipeline's messages."""

from pathlib import Path
from typing import Any

import pytest

from assistant.web.conversation import (
    KEPT_TURNS,
    answer_options,
    as_typed,
    turns_of,
    user_message,
    without_answer,
)
from assistant.web.uploads import UploadFault


def said(role: str, text: str) -> dict[str, Any]:
    return {"role": role, "content": [{"type": "text", "text": text}]}


def asked(text: str, *files: Path) -> dict[str, Any]:
    message = user_message({"text": text, "files": [str(file) for file in files]})
    assert message
    return message


@pytest.fixture
def uploads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path))
    return tmp_path


def test_messages_are_the_users_as_typed() -> None:
    text = "Traceback\n  File <module>\n    __init__"
    history = [asked(text), said("assistant", "because"), asked("and with LoRA?")]
    assert turns_of(history) == [text, "and with LoRA?"]
    assert turns_of([]) == []


def test_only_the_latest_messages_are_kept() -> None:
    history = [asked(str(n)) for n in range(40)]
    assert turns_of(history) == [str(n) for n in range(39 - KEPT_TURNS, 40)]


def test_files_are_read_where_they_were_attached(uploads: Path) -> None:
    log = uploads / "train.log"
    log.write_text("RuntimeError: x")
    history = [asked("why?", log), said("assistant", "so"), asked("and now?")]
    assert turns_of(history) == ["RuntimeError: x\n\nwhy?", "and now?"]
    # as the browser sends it back
    back = {"role": "user", "content": [{"type": "file", "file": {"path": str(log)}}]}
    assert turns_of([back]) == ["RuntimeError: x"]


def test_only_the_last_messages_files_must_be_readable(uploads: Path) -> None:
    history = [asked("first", uploads / "gone.log"), asked("second")]
    assert turns_of(history) == ["first", "second"]
    with pytest.raises(UploadFault, match="upload_unreadable"):
        turns_of(history[:1])


def test_no_file_outside_the_uploads_is_read(uploads: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    secret = tmp_path_factory.mktemp("elsewhere") / "secret.txt"
    secret.write_text("x")
    for path in (secret, uploads / ".." / secret.parent.name / secret.name):
        with pytest.raises(UploadFault, match="upload_unreadable"):
            turns_of([asked("", path)])


def test_nothing_is_no_message() -> None:
    assert user_message({"text": "  \n", "files": []}) is None
    assert user_message({}) is None


def test_undo_gives_the_text_back_as_typed(uploads: Path) -> None:
    message = asked("a\n  b `c`", uploads / "x.log")
    assert as_typed(message) == {"text": "a\n  b `c`", "files": [str(uploads / "x.log")]}


def test_retry_cuts_the_answer_off() -> None:
    history = [asked("a"), said("assistant", "b"), asked("c"), said("assistant", "d")]
    assert without_answer(history) == history[:3]
    assert without_answer([said("assistant", "b")]) == []


def test_a_bare_paste_follows_the_browser_and_a_question_its_own_words() -> None:
    paste = "ValueError: x\n"
    trace = 'Traceback (most recent call last):\n  File "a.py", line 1, in <module>\n    f()\nValueError: x\n'
    assert answer_options("auto", [trace], "zh").lang == "zh"
    assert answer_options("auto", [trace], "en").lang == "auto"
    assert answer_options("auto", ["How do I save memory with LoRA?"], "zh").lang == "auto"
    assert answer_options("en", [paste], "zh").lang == "en"
