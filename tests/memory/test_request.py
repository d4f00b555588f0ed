"""What the planner is asked: every bad value is one sentence that names the flag."""

from typing import Any

import pytest

from assistant.errors import UserError
from assistant.memory import PlanRequest, plan, read_request
from assistant.memory.gpus import find_gpu


def test_flags_are_read_with_dashes_and_with_underscores() -> None:
    request = read_request(
        {"model": "7B", "batch-size": "4", "lora_r": 8, "checkpointing": "on", "id": 3, "seq": None}
    )
    assert (request.batch_size, request.lora_r, request.checkpointing, request.seq) == (4, 8, True, None)


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        ({}, "no model"),
        ({"model": "7B", "seq": -5}, "--seq"),
        ({"model": "7B", "seq": 1.5}, "whole number"),
        ({"model": "7B", "seq": True}, "whole number"),
        ({"model": "7B", "seq": "1e400"}, "--seq"),
        ({"model": "7B", "batch_size": 0}, "--batch-size"),
        ({"model": "7B", "vram": 0}, "--vram"),
        ({"model": "7B", "vram": "nan"}, "--vram"),
        ({"model": "7B", "method": "qlorra"}, "qlora"),
        ({"model": "7B", "precision": "int3"}, "--precision"),
        ({"model": "7B", "checkpointing": "maybe"}, "`on` or `off`"),
        ({"model": "7B", "transformers": "; rm"}, "version"),
        ({"model": "7B", "batchsize": 4}, "batch_size"),
        ({"model": "x" * 5000}, "characters"),
        ({"model": "7B", "lora_dropout": 1.5}, "--lora-dropout"),
    ],
)
def test_bad_values(flags: dict[str, Any], said: str) -> None:
    with pytest.raises(UserError) as error:
        read_request(flags)
    assert said in str(error.value)
    assert error.value.code == 2
    assert str(error.value).count(". ") <= 1


@pytest.mark.parametrize(
    ("request_", "said"),
    [
        (PlanRequest("7B", "qlora", "fp32"), "contradicts"),
        (PlanRequest("7B", "full", "nf4"), "qlora"),
        (PlanRequest("7B", "full", optim="adamw_pytorch"), "did you mean"),
        (PlanRequest("7B", "lora", sharding="fsdp"), "--gpus"),
        (PlanRequest("7B", sharding="zero2", gpus=2), "device_map"),
        (PlanRequest("7B", "lora", lora_targets="c_attn"), "q_proj"),
        (PlanRequest("7B", "lora", lora_targets=","), "names no layer"),
    ],
)
def test_settings_that_exclude_each_other(request_: PlanRequest, said: str) -> None:
    with pytest.raises(UserError, match=said):
        plan(request_)


@pytest.mark.parametrize(
    ("text", "name", "usable"),
    [
        ("NVIDIA GeForce RTX 4090", "RTX 4090", 23.6),
        ("A100-SXM4-40GB", "A100", 39.4),
        ("NVIDIA A100-SXM4-80GB", "A100", 79.2),
        ("Tesla T4", "T4", 14.7),
        ("rtx 3060", "RTX 3060", 11.8),
        ("RTX 3060 Laptop 6GB", "RTX 3060", 5.9),
        ("H100 80GB HBM3", "H100", 79.1),
    ],
)
def test_cards_by_name(text: str, name: str, usable: float) -> None:
    card = find_gpu(text)
    assert card.name == name
    assert card.usable_gib == pytest.approx(usable, abs=0.2)


@pytest.mark.parametrize("text", ["RTX 9999", "", "toaster", "RTX 4090 80GB", "T4 40GB"])
def test_a_card_that_nobody_sells(text: str) -> None:
    with pytest.raises(UserError):
        find_gpu(text)
