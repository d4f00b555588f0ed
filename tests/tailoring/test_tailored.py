"""What a case's own facts add to an answer, and when they add nothing."""

import re

import pytest

from assistant.answering import Answer
from assistant.pipeline import Engine, Options, answer_turns, load_engine
from assistant.reading import read
from assistant.tailoring.pasted_config import config_section
from assistant.tailoring.signs import asks_about_this_machine, may_hold_settings
from tests.sample import case_of

OOM = (
    "torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 250.00 MiB. GPU 0 has a total capacity of "
    "23.64 GiB of which 101.00 MiB is free. Process 7 has 23.50 GiB memory in use. Of the allocated memory "
    "22.90 GiB is allocated by PyTorch, and 90.00 MiB is reserved by PyTorch but unallocated."
)
SMI = """+---------------------------------------------------------+
| NVIDIA-SMI 450.80.02    Driver Version: 450.80.02    CUDA Version: 11.0     |
|   0  Tesla T4            On   | 00000000:00:1E.0 Off |                    0 |
| N/A   35C    P0    26W /  70W |      3MiB / 15109MiB |      0%      Default |
torch==2.6.0+cu124
transformers==4.50.0
"""


@pytest.fixture(scope="module")
def engine() -> Engine:
    return load_engine()


def kinds(answer: Answer) -> list[str]:
    return [part.kind for part in answer.parts]


def part(answer: Answer, kind: str) -> str:
    return next(each.markdown for each in answer.parts if each.kind == kind)


def test_a_failed_run_is_planned_for_its_own_gpu_and_settings(engine: Engine) -> None:
    told = f"I fine-tune Qwen/Qwen2.5-14B with LoRA, per_device_train_batch_size=2, max_length=2048.\n{OOM}"
    answer = answer_turns(engine, [told])
    run = part(answer, "run")
    assert "LoRA of Qwen2.5-14B (bf16, batch 2, 2,048 tokens)" in run
    assert "does not fit" in run
    assert "23.64 GiB" in run
    assert answer.plan is not None
    assert answer.plan.settings.batch_size == 2
    assert kinds(answer).index("run") < kinds(answer).index("fix")
    assert kinds(answer)[-1] == "sources"


def test_what_is_added_is_cited_and_in_the_evidence(engine: Engine) -> None:
    answer = answer_turns(engine, ["一张 24 GB 的 3090 能用 LoRA 微调 Qwen2.5-7B 吗？显存够不够？"])
    run = part(answer, "run")
    number = int(re.findall(r"\[(\d+)\]", run)[-1])
    source = next(each for each in answer.citations if each.n == number)
    assert source.passage == "plan:Qwen/Qwen2.5-7B"
    assert f"{number}. " in part(answer, "sources")
    assert any(each.n == number and each.why for each in answer.statements)
    assert answer.lang == "zh"
    assert "放得下" in run


def test_a_later_message_changes_the_plan_at_once(engine: Engine) -> None:
    asked = "How much memory does QLoRA of Qwen/Qwen2.5-7B need, does it fit?"
    first = answer_turns(engine, [asked])
    second = answer_turns(engine, [asked, "I have a 3060"])
    assert first.plan is not None
    assert first.plan.gpu is None
    assert second.plan is not None
    assert second.plan.gpu == 12.0
    assert "RTX 3060" in part(second, "run")


def test_corrections_override_what_was_read(engine: Engine) -> None:
    told = "I fine-tune Qwen/Qwen2.5-14B with LoRA on a 4090."
    assert "does not fit" in part(answer_turns(engine, [f"{told}\n{OOM}"]), "run")
    answer = answer_turns(engine, [f"{told}\n{OOM}"], Options(facts={"gpu": "h100", "method": "qlora"}))
    assert answer.facts["gpu"].startswith("H100")
    assert answer.facts["vram_gib"] == 80.0
    assert answer.origins["gpu"] == answer.origins["method"] == "corrected"
    assert "QLoRA" in part(answer, "run")


def test_a_training_run_of_an_unknown_method_is_not_planned(engine: Engine) -> None:
    answer = answer_turns(engine, [f"trainer.train() of Qwen/Qwen2.5-14B fails on a 4090\n{OOM}"])
    assert answer.plan is None


def test_older_cards_are_planned_for_without_bf16(engine: Engine) -> None:
    answer = answer_turns(engine, ["Can I run Qwen/Qwen2.5-7B inference on a V100 16GB, does it fit?"])
    assert "(fp16, " in part(answer, "run")


def test_the_largest_models_for_a_card(engine: Engine) -> None:
    answer = answer_turns(engine, ["What models can I run on a 3060 12GB?"])
    assert "RTX 3060 (12 GiB)" in part(answer, "run")


def test_a_report_without_a_question_is_answered_with_what_is_wrong(engine: Engine) -> None:
    answer = answer_turns(engine, [SMI])
    assert not answer.abstained
    assert kinds(answer) == ["machine", "sources"]
    assert answer.topic == "driver-too-old"
    assert [each.n for each in answer.citations] == list(range(1, len(answer.citations) + 1))
    assert answer.facts["gpu"] == "T4"
    assert answer.facts["versions"] == {"torch": "2.6.0", "transformers": "4.50.0", "driver": "450.80.02", "cuda": "12.4"}  # fmt: skip


def test_facts_of_a_report_serve_the_following_question(engine: Engine) -> None:
    answer = answer_turns(engine, [SMI, "Can I run Qwen/Qwen2.5-7B in 4 bits on it, does it fit?"])
    assert answer.facts["gpu"] == "T4"
    assert answer.origins["gpu"] == "message 1"


def test_a_pasted_script_is_checked_and_shown_as_a_diff(engine: Engine) -> None:
    script = (
        "from transformers import TrainingArguments\n"
        'args = TrainingArguments(output_dir="x", evaluation_strategy="steps", fp16=True, bf16=True)\n'
    )
    found = part(answer_turns(engine, [script]), "config")
    assert "`eval_strategy`" in found
    assert '+args = TrainingArguments(output_dir="x", eval_strategy="steps"' in found


@pytest.mark.parametrize("text", [OOM, "why is generate slow?", "x = 1", "learning_rate: 0.1"])
def test_what_holds_nothing_wrong_gets_no_findings(text: str) -> None:
    case = case_of(text)
    assert not may_hold_settings(case.reading) or config_section(case) is None


def test_a_run_that_should_have_fitted_asks_what_differs(engine: Engine) -> None:
    run = part(answer_turns(engine, [f"QLoRA training of Qwen/Qwen2.5-7B fails\n{OOM}"]), "run")
    assert "It ran out all the same" in run


@pytest.mark.parametrize(
    "text",
    [
        "What GPU does this machine have?",
        "is my computer good enough for this?",
        "本机有显卡吗？",
        "这台机器能训练吗",
    ],
)
def test_questions_about_this_machine_are_measured(engine: Engine, text: str) -> None:
    assert asks_about_this_machine(text)
    answer = answer_turns(engine, [text])
    assert any(each.passage == "doctor:here" for each in answer.citations)
    said = part(answer, "machine")
    assert "torch" in said
    assert "GPU" in said or "显卡" in said


def test_a_server_does_not_speak_of_its_own_machine(engine: Engine) -> None:
    answer = answer_turns(engine, ["What GPU does this machine have?"], Options(here=False))
    assert not any(each.passage == "doctor:here" for each in answer.citations)
    assert "cannot see" in answer.markdown


@pytest.mark.parametrize("text", ["how do I bake bread?", "my dog does not fit in the car, what model?"])
def test_other_things_stay_turned_away(engine: Engine, text: str) -> None:
    assert answer_turns(engine, [text]).abstained


def test_the_report_of_this_machine_is_told_from_a_pasted_one() -> None:
    from assistant.machine import this_machine

    text = this_machine()
    assert case_of("x fails", machine=text).origins["torch"] == "measured"
    pasted = text.splitlines()[0]
    assert case_of("x fails", machine=pasted).origins["torch"] == "machine"
    assert read(pasted).kind == "report"
    assert case_of(pasted).origins["torch"] == "pasted"


def test_a_run_that_is_told_bit_by_bit_is_planned(engine: Engine) -> None:
    turns = [
        "how much memory do I need to finetune qwen2.5 7b with qlora?",
        "I have a 3060",
        "batch 4, 2048 tokens",
    ]
    answer = answer_turns(engine, turns)
    run = part(answer, "run")
    assert "QLoRA of Qwen2.5-7B (nf4, batch 4, 2,048 tokens)" in run
    assert "RTX 3060" in run
    assert "per_device_train_batch_size=2, gradient_accumulation_steps=2" in run


def test_a_model_that_is_not_carried_is_planned_by_its_size_and_that_is_said(engine: Engine) -> None:
    run = part(answer_turns(engine, ["baichuan2-7b 用 lora 微调，A10，批大小 2，显存够吗"]), "run")
    assert "架构与 Llama-2-7b-hf 相同" in run
    size = part(answer_turns(engine, ["does lora of a 7B model fit on an A10, batch 2?"]), "run")
    assert "an architecture like Llama-2-7b-hf's" in size
