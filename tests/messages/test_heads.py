"""What loggers and `warnings` print before a message is taken off, and names the module."""

import pytest

from assistant.messages.heads import is_module, split_head


@pytest.mark.parametrize(
    ("line", "message", "exception", "module"),
    [
        ("/v/site-packages/peft/a.py:12: UserWarning: too old", "too old", "UserWarning", ""),
        ("rank0: /v/site-packages/peft/a.py:12: FutureWarning: too old", "too old", "FutureWarning", ""),
        ("UserWarning: too old", "too old", "UserWarning", ""),
        ("WARNING:peft.tuners.lora:too old", "too old", "", "peft/tuners/lora.py"),
        ("[WARNING|trainer.py:120] 2024-01-01 10:00:00,1 >> too old", "too old", "", "trainer.py"),
        ("2024-01-01 10:00:00 - peft.mapping - WARNING - too old", "too old", "", "peft/mapping.py"),
        ("WARNING 01-01 10:00:00 [peft.mapping:12] too old", "too old", "", "peft/mapping.py"),
        ("the value: is too old", "the value: is too old", "", ""),
    ],
)
def test_heads(line: str, message: str, exception: str, module: str) -> None:
    head = split_head(line)
    assert (head.message, head.exception, head.module) == (message, exception, module)


def test_a_warnings_place_is_a_frame() -> None:
    frame = split_head("/v/site-packages/peft/a.py:12: UserWarning: too old").frame
    assert frame is not None
    assert (frame.file, frame.line, frame.library) == ("/v/site-packages/peft/a.py", 12, "peft")


@pytest.mark.parametrize(
    ("file", "module", "same"),
    [
        ("peft/mapping.py", "peft/mapping.py", True),
        ("peft/tuners/__init__.py", "peft/tuners.py", True),
        ("transformers/trainer.py", "trainer.py", True),
        ("transformers/my_trainer.py", "trainer.py", False),
        ("peft/mapping.py", "", False),
    ],
)
def test_modules(file: str, module: str, same: bool) -> None:
    assert is_module(file, module) is same
