"""Whether a message goes on with the conversation's subject."""

import pytest

from assistant.diagnosis.continuity import (
    GOES_ON,
    NEW_ERROR,
    STANDS_ALONE,
    WHOLLY,
    leans_on_before,
    link,
    only_states_facts,
    rejects_advice,
    says_thanks,
)
from assistant.reading import read
from tests.sample import answer

BEFORE = [read("torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB")]


@pytest.mark.parametrize(
    ("message", "share"),
    [
        ("如果我用 LoRA 呢？", GOES_ON),
        ("what about gradient checkpointing?", GOES_ON),
        ("already tried that", GOES_ON),
        ("还是不行", GOES_ON),
        ("it is a 3060 actually", WHOLLY),
        ("transformers 4.38", WHOLLY),
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


@pytest.mark.parametrize(
    "message",
    ["thanks, works now!", "Thank you so much, that fixed it", "谢谢，解决了", "好了", "ok thanks", "great"],
)
def test_thanks_are_no_question(message: str) -> None:
    assert says_thanks(read(message))


@pytest.mark.parametrize(
    "message",
    [
        "works now but now it says CUDA error",
        "it works on CPU, why not on GPU?",
        "谢谢，但是还有一个问题：显存不足",
        "thanks, and how do I save the model?",
        "that did not work",
        "what does warmup do",
    ],
)
def test_what_else_is_asked_is_no_thanks(message: str) -> None:
    assert not says_thanks(read(message))


@pytest.mark.parametrize(
    "message",
    [
        "it's a 3060",
        "on transformers 4.38",
        "Qwen2-7B-Instruct",
        "我用的是 3090",
        "windows 11",
        "CUDA 12.1, torch 2.4.0",
    ],
)
def test_a_fact_alone_leaves_the_question_as_it_was(message: str) -> None:
    assert only_states_facts(read(message))


@pytest.mark.parametrize(
    "message",
    [
        "If I use LoRA?",
        "how about a 3060?",
        "batch size 4 and it fails again",
        "还是 OOM，3090",
        BEFORE[0].text,
    ],
)
def test_what_asks_or_fails_is_more_than_a_fact(message: str) -> None:
    assert not only_states_facts(read(message))


def test_a_name_that_is_taken_up_again_goes_on() -> None:
    before = read("huggingface.co is blocked, I set HF_ENDPOINT to hf-mirror.com and it still times out")
    assert link(read("有办法可以从 hf-mirror.com 里下载吗"), [before]) >= GOES_ON


def test_thanks_after_an_answer_are_not_answered_with_it_again() -> None:
    oom = "torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB"
    said = answer(oom, "thanks, works now!")
    assert said.abstained
    assert "Good" in said.markdown


def test_a_fact_changes_what_is_said_and_not_the_subject() -> None:
    oom = "torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB"
    said = answer(oom, "it's a 3060")
    assert said.entry == answer(oom).entry
    assert said.facts["gpu"] == "RTX 3060"
