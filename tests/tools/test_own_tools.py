"""The tools of the machine, the memory and the configuration, as a model calls them."""

import json

import pytest

from assistant.generation.model import ToolCall
from assistant.tools import Context, ToolResult, run_call
from tests.sample import case_of, engine

T4 = "| NVIDIA-SMI 535.0  Driver Version: 535.0  CUDA Version: 12.2 |\n|   0  Tesla T4  On | 0 |\n| N/A 35C P0 26W / 70W | 3MiB / 15109MiB | 0% Default |"


def call(name: str, arguments: dict[str, object], context: Context) -> ToolResult:
    return run_call(ToolCall("c1", name, json.dumps(arguments)), context)


def test_this_machine_is_inspected() -> None:
    result = call("inspect_machine", {}, Context(engine()))
    assert result.ok
    assert "torch" in result.text
    assert "GPU" in result.text
    assert result.citations[0].passage == "doctor:here"


def test_the_reported_machine_goes_before_this_one() -> None:
    result = call("inspect_machine", {}, Context(engine(), case=case_of(T4, "why?")))
    assert "T4" in result.text
    assert result.citations[0].passage == "doctor:report"


def test_a_server_has_no_machine_of_the_user() -> None:
    result = call("inspect_machine", {}, Context(engine(), here=False, case=case_of("which gpu?")))
    assert not result.ok
    assert "cannot be seen" in result.text


def test_memory_is_planned_for_the_gpu_of_the_case() -> None:
    context = Context(engine(), case=case_of("I have an RTX 3060"))
    result = call("plan_memory", {"model": "Qwen/Qwen2.5-7B", "method": "full"}, context)
    assert result.ok
    assert "does not fit" in result.text
    assert "12 GiB" in result.text


@pytest.mark.parametrize(
    "arguments",
    [{"model": "no/such-model-xyz"}, {"model": "7B", "seq": -1}, {"model": "7B", "method": "magic"}],
)
def test_a_plan_that_cannot_be_made_is_a_sentence(arguments: dict[str, object]) -> None:
    result = call("plan_memory", arguments, Context(engine()))
    assert not result.ok
    assert result.text


def test_a_configuration_is_checked() -> None:
    text = 'TrainingArguments(output_dir="x", fp16=True, bf16=True)'
    result = call("check_config", {"text": text}, Context(engine()))
    assert result.ok
    assert "`fp16` and `bf16`" in result.text


def test_what_was_pasted_is_checked_where_nothing_is_sent() -> None:
    case = case_of('args = TrainingArguments(output_dir="x", fp16=True, bf16=True)\n')
    assert call("check_config", {}, Context(engine(), case=case)).ok
    assert not call("check_config", {"text": "hello"}, Context(engine())).ok
