"""Weights by precision: against real quantized layers, and what quantization leaves alone."""

import pytest
import torch
from transformers.optimization import Adafactor

from assistant.memory import find_model
from assistant.memory.architecture import Tensor
from assistant.memory.inference import CacheKind, cache_bytes
from assistant.memory.optimizers import optimizer_bytes, optimizers
from assistant.memory.read_config import read_architecture
from assistant.memory.weights import precisions, weigh
from tests.memory.real_run import TINY, build

GIB = float(1 << 30)


@pytest.mark.parametrize(("precision", "double"), [("nf4", False), ("nf4-dq", True)])
def test_a_4_bit_layer_is_as_large_as_bitsandbytes_makes_it(precision: str, double: bool) -> None:
    import bitsandbytes as bnb

    layer = bnb.nn.Linear4bit(2048, 1024, bias=False, quant_type="nf4", compress_statistics=double)
    layer.weight = bnb.nn.Params4bit(
        torch.randn(1024, 2048, dtype=torch.bfloat16),
        requires_grad=False,
        quant_type="nf4",
        compress_statistics=double,
    )
    layer = layer.to("cpu")
    state = layer.weight.quant_state
    real = layer.weight.nbytes + state.absmax.nbytes + (state.state2.absmax.nbytes if double else 0)
    row = precisions()[precision]
    assert 1024 * 2048 * (row["linear"] + row["constants"]) == pytest.approx(real, rel=1e-3)


def test_embeddings_and_head_keep_their_precision() -> None:
    shape = find_model("meta-llama/Meta-Llama-3-8B").shape
    weights = weigh(shape, "nf4-dq", rest=None, fused_experts=True)
    assert weights.total / GIB == pytest.approx(5.31, abs=0.02)
    prepared = weigh(shape, "nf4-dq", rest=4, fused_experts=True)
    assert (prepared.total - weights.total) / GIB == pytest.approx(2 * 2 * 128256 * 4096 / GIB, rel=0.01)


def test_fused_experts_stay_in_16_bits() -> None:
    shape = find_model("Qwen/Qwen3-30B-A3B").shape
    fused = weigh(shape, "nf4", rest=None, fused_experts=True)
    loose = weigh(shape, "nf4", rest=None, fused_experts=False)
    assert fused.total / GIB > 50 > 20 > loose.total / GIB
    assert weigh(shape, "gptq-int4", rest=None, fused_experts=True).total / GIB < 20  # stored quantized


def test_every_optimizer_that_transformers_takes_is_known() -> None:
    from transformers.training_args import OptimizerNames

    assert {name.value for name in OptimizerNames} == set(optimizers())


OPTIMIZERS = {
    "adamw_torch": (torch.optim.AdamW, {}),
    "adamw_torch_fused": (torch.optim.AdamW, {}),
    "sgd": (torch.optim.SGD, {}),
    "adagrad": (torch.optim.Adagrad, {}),
    "rmsprop": (torch.optim.RMSprop, {}),
    "adafactor": (Adafactor, {"scale_parameter": False, "relative_step": False, "lr": 1e-3}),
}


@pytest.mark.parametrize("name", sorted(OPTIMIZERS))
def test_states_are_as_large_as_the_real_ones(name: str) -> None:
    kind, options = OPTIMIZERS[name]
    weight = torch.nn.Parameter(torch.randn(512, 256))
    optimizer = kind([weight], **options)
    weight.grad = torch.randn_like(weight)
    optimizer.step()
    tensors = [t for state in optimizer.state.values() for t in state.values() if torch.is_tensor(t)]
    real = sum(t.nbytes for t in tensors if t.numel() > 1)
    ours = optimizer_bytes(name, [Tensor("linear", 512, 256)], 4).states
    assert ours == pytest.approx(real, rel=0.02, abs=64)


def test_the_cache_is_as_large_as_the_real_one() -> None:
    config = {
        **TINY, "model_type": "gemma3_text", "num_hidden_layers": 6, "sliding_window": 16,
        "layer_types": ["sliding_attention"] * 5 + ["full_attention"], "query_pre_attn_scalar": 64,
    }  # fmt: skip
    model = build(config, torch.bfloat16).eval()
    with torch.no_grad():
        out = model(input_ids=torch.zeros(1, 50, dtype=torch.long), use_cache=True)
    layers = out.past_key_values.layers
    real = sum(layer.keys.nbytes + layer.values.nbytes for layer in layers)
    assert cache_bytes(read_architecture(config), 50, 2, CacheKind(False, False)) == real


def test_latent_attention_caches_the_latent() -> None:
    shape = find_model("deepseek-ai/DeepSeek-V3").shape
    latent = cache_bytes(shape, 1000, 2, CacheKind(False, False))
    assert latent == 61 * 1000 * (512 + 64) * 2
    assert cache_bytes(shape, 1000, 2, CacheKind(False, True)) > 50 * latent
