"""The replayed step against a real one: the peak of tiny models of the installed classes on the CPU."""

from dataclasses import replace
from typing import Any

import pytest
import torch

from assistant.memory.read_config import read_architecture
from assistant.memory.request import PlanRequest
from assistant.memory.settings import decide
from assistant.memory.sharding import Share
from assistant.memory.training import lengths, play
from assistant.memory.training_setup import trained_tensors, training_step
from assistant.memory.weights import weigh
from tests.memory.real_run import TINY, adapted, build, train

TOKENS = 128
RUNS = {
    "full bf16": ("full", "bf16", torch.bfloat16, False),
    "full fp32 with autocast": ("full", "fp32", torch.float32, True),
    "full fp32": ("full", "fp32", torch.float32, False),
    "lora": ("lora", "bf16", torch.bfloat16, True),
}
CLASSES: dict[str, dict[str, Any]] = {
    "llama": {**TINY, "model_type": "llama"},
    "qwen3_moe": {
        **TINY, "model_type": "qwen3_moe", "num_experts": 4, "num_experts_per_tok": 2,
        "moe_intermediate_size": 128, "decoder_sparse_step": 1, "mlp_only_layers": [],
    },
}  # fmt: skip


def _replayed(config: dict[str, Any], method: Any, precision: Any, amp: bool, checkpointing: bool) -> int:
    shape = read_architecture(config)
    request = PlanRequest(
        "tiny", method, precision, batch_size=1, seq=TOKENS, checkpointing=checkpointing, lora_r=8,
        trainer="transformers", attn="flash_attention_2", optim="sgd",
    )  # fmt: skip
    settings = replace(decide(request, shape)[0], amp=amp)
    weights = weigh(shape, precision, rest=None, fused_experts=True)
    step = training_step(shape, settings, weights, trained_tensors(shape, settings), Share())
    adapters = 0 if method == "full" else sum(t.numel for t in trained_tensors(shape, settings)) * 4
    bare = replace(step, resident=step.resident - weights.total - adapters, states=0.0, temporary=0.0)
    return play(bare, 1, (TOKENS,)).peak


@pytest.mark.parametrize("checkpointing", [False, True], ids=["kept", "recomputed"])
@pytest.mark.parametrize("run", sorted(RUNS))
def test_the_peak_of_llama(run: str, checkpointing: bool) -> None:
    _compare(CLASSES["llama"], run, checkpointing, 0.16)


@pytest.mark.parametrize("run", ["full bf16", "lora"])
def test_the_peak_of_a_mixture(run: str) -> None:
    _compare(CLASSES["qwen3_moe"], run, False, 0.16)


def _compare(config: dict[str, Any], run: str, checkpointing: bool, within: float) -> None:
    method, precision, dtype, amp = RUNS[run]
    model = build(config, dtype)
    if method == "lora":
        model = adapted(model, 8, torch.float32)
    measured = train(model, TOKENS, amp=amp, checkpointing=checkpointing).peak
    workspace = 8.125 * (1 << 20)
    ours = _replayed(config, method, precision, amp, checkpointing) - workspace
    assert ours == pytest.approx(measured, rel=within)


def test_batches_of_different_lengths_leave_blocks_behind() -> None:
    """The same step, once with equal lengths and once without: torch holds more, and needs no more."""
    shape = read_architecture({**TINY, "model_type": "llama", "vocab_size": 150_000, "num_hidden_layers": 8})
    settings, _ = decide(PlanRequest("tiny", "lora", trainer="transformers", checkpointing=True), shape)
    weights = weigh(shape, "bf16", rest=None, fused_experts=True)
    step = training_step(shape, settings, weights, trained_tensors(shape, settings), Share())
    equal = play(step, 1, lengths(2048, 24, False))
    varied = play(step, 1, lengths(2048, 24, True))
    assert varied.peak == pytest.approx(equal.peak, rel=0.02)
    assert varied.reserved_peak > 1.3 * equal.reserved_peak
    # and with no room for that, the cached blocks are given back
    squeezed = play(step, 1, lengths(2048, 24, True), limit=1.2 * equal.reserved_peak)
    assert squeezed.reserved_peak <= 1.2 * equal.reserved_peak


def test_gradients_that_accumulate_are_there_from_the_start() -> None:
    shape = read_architecture({**TINY, "model_type": "llama"})
    peaks = []
    for steps in (1, 4):
        request = PlanRequest(
            "tiny", "full", "bf16", seq=512, accumulation=steps, checkpointing=False, trainer="transformers"
        )
        settings, _ = decide(request, shape)
        weights = weigh(shape, "bf16", rest=None, fused_experts=True)
        step = training_step(shape, settings, weights, trained_tensors(shape, settings), Share())
        peaks.append(play(step, 1, lengths(512, 3, False)).peak)
    assert peaks[1] - peaks[0] == pytest.approx(2 * shape.params, rel=0.05)
