"""Whether a message goes on with the conversation's subject."""

import pytest

from assistant.diagnosis.continuity import (
    GOES_ON,
    NEW_ERROR,
    STANDS_ALONE,
    leans_on_before,
    link,
    rejects_advice,
)
from assistant.reading import read

BEFORE = [read("torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB")]


@pytest.mark.parametrize(
    ("message", "share"),
    [
        ("如果我用 LoRA 呢？", GOES_ON),
        ("what about gradient checkpointing?", GOES_ON),
        ("already tried that", GOES_ON),
        ("还是不行", GOES_ON),
        ("it is a 3060 actually", GOES_ON),
        ("transformers 4.38", GOES_ON),
        ("RuntimeError: NCCL error: unhandled system error", NEW_ERROR),
        ("please give me a chocolate cake recipe", STANDS_ALONE),
        ("给我一个巧克力蛋糕的食谱", STANDS_ALONE),
        ("", STANDS_ALONE),
    ],
)
def test_how_far_a_message_goes_on(message: str, share: float) -> None:
    assert link(read(message), BEFORE) == share


def test_nothing_goes_on_with_nothing() -> None:
    assert link(read("what about LoRA?"), []) == STANDS_ALONE


@pytest.mark.parametrize(
    "message", ["already tried that", "that did not help", "still the same", "试过了，没用", "还是不行"]
)
def test_rejected_advice_is_heard(message: str) -> None:
    assert rejects_advice(read(message))


@pytest.mark.parametrize("message", ["what is LoRA?", "thanks, that works", "谢谢，好了"])
def test_other_remarks_reject_nothing(message: str) -> None:
    assert not rejects_advice(read(message))


def test_a_question_with_its_own_subject_does_not_lean_on_what_came_before() -> None:
    assert not leans_on_before(read("num_beams in beam search of generate?"))
    assert leans_on_before(read("那 LoRA 呢？"))
