"""What a layer keeps for the backward pass: the formulas against the installed classes, to the byte where
the class is Llama's, within a few percent elsewhere."""

from typing import Any

import pytest
import torch

from assistant.memory.adapters import targets_of
from assistant.memory.layers import Lora, Numbers, layer_bytes
from assistant.memory.read_config import read_architecture
from tests.memory.real_run import TINY, adapted, build, quantized, train

TOKENS = 64
LLAMA = {**TINY, "model_type": "llama"}
OTHERS: dict[str, dict[str, Any]] = {
    "qwen3": {**TINY, "model_type": "qwen3"},
    "phi3": {**TINY, "model_type": "phi3", "pad_token_id": 0},
    "gpt_neox": {**TINY, "model_type": "gpt_neox"},
    "gpt2": {
        "model_type": "gpt2", "n_embd": 128, "n_head": 4, "n_layer": 3, "n_positions": 2048, "vocab_size": 1000,
        "resid_pdrop": 0.0, "embd_pdrop": 0.0, "attn_pdrop": 0.0, "activation_function": "gelu_new",
    },
}  # fmt: skip


def _per_layer(config: dict[str, Any], kind: str, dtype: torch.dtype, amp: bool, **options: Any) -> float:
    """Bytes a token that one more layer keeps."""
    key = "n_layer" if "n_layer" in config else "num_hidden_layers"
    kept = []
    for layers in (1, 2):
        model = build({**config, key: layers}, dtype, options.get("attention", "sdpa"))
        if kind == "qlora":
            model = adapted(quantized(model, options["prepared"]), 8, options["adapters"])
        if kind == "lora":
            model = adapted(model, 8, options.get("adapters", torch.float32))
        kept.append(train(model, TOKENS, amp=amp).kept)
    return (kept[1] - kept[0]) / TOKENS


def _ours(config: dict[str, Any], numbers: Numbers, adapters: int = 0, attention: str = "sdpa") -> float:
    shape = read_architecture(config)
    lora = Lora(targets_of(shape, "all-linear"), 8, adapters, 0.0) if adapters else None
    layer = layer_bytes(shape, numbers, attention, lora, repeat_kv=attention == "eager")
    return layer.kept + layer.scores * TOKENS


def test_llama_in_bf16_is_exact() -> None:
    assert _per_layer(LLAMA, "full", torch.bfloat16, False) == pytest.approx(
        _ours(LLAMA, Numbers(2, 2, 2, False, True)), abs=1
    )


def test_llama_under_autocast_is_exact() -> None:
    shape = read_architecture(LLAMA)
    linear = sum(t.numel for t in shape.tensors if t.role == "linear") / shape.layers
    assert _per_layer(LLAMA, "full", torch.float32, True) == pytest.approx(
        _ours(LLAMA, Numbers(4, 2, 2, True, True)) + 2 * linear / TOKENS, abs=1
    )


def test_adapters_in_bf16_share_what_layers_read() -> None:
    """The figure that the choice of adapters' precision and dropout turns on."""
    assert _per_layer(LLAMA, "lora", torch.bfloat16, False, adapters=torch.bfloat16) == pytest.approx(
        _ours(LLAMA, Numbers(2, 2, 2, False, False), 2), abs=1
    )


def test_adapters_in_fp32_keep_copies_of_their_own() -> None:
    shape = read_architecture(LLAMA)
    casts = 2 * 8 * sum(t.rows + t.cols for t in targets_of(shape, "all-linear")) / TOKENS
    assert _per_layer(LLAMA, "lora", torch.bfloat16, True) == pytest.approx(
        _ours(LLAMA, Numbers(2, 2, 2, True, False), 4) + casts, abs=1
    )


def test_qlora_as_trl_trains_it_is_exact() -> None:
    assert _per_layer(
        LLAMA, "qlora", torch.bfloat16, True, adapters=torch.bfloat16, prepared=False
    ) == pytest.approx(_ours(LLAMA, Numbers(2, 2, 2, True, False), 2), abs=1)


def test_qlora_after_preparation_keeps_an_fp32_stream() -> None:
    """4-bit layers give back what they are given: fp32 norms make the MLP's tensors fp32."""
    shape = read_architecture(LLAMA)
    casts = 2 * 8 * sum(t.rows + t.cols for t in targets_of(shape, "all-linear")) / TOKENS
    assert _per_layer(
        LLAMA, "qlora", torch.bfloat16, True, adapters=torch.float32, prepared=True
    ) == pytest.approx(_ours(LLAMA, Numbers(4, 2, 4, True, False), 4) + casts, abs=1)


def test_eager_attention_keeps_the_scores() -> None:
    assert _per_layer(LLAMA, "full", torch.bfloat16, False, attention="eager") == pytest.approx(
        _ours(LLAMA, Numbers(2, 2, 2, False, True), attention="eager"), rel=0.02
    )


@pytest.mark.parametrize("name", sorted(OTHERS))
def test_other_classes_come_close(name: str) -> None:
    measured = _per_layer(OTHERS[name], "full", torch.bfloat16, False)
    assert _ours(OTHERS[name], Numbers(2, 2, 2, False, True)) == pytest.approx(measured, rel=0.12)
