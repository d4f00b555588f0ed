"""Measuring in the middle of training must not change the gradients, also where bitsandbytes packs 4-bit
weights for the CPU.
"""

from typing import Any

import pytest
import torch

from finetune.four_bit import keep_trainable


def _gradient(*, trainable: bool, measured: bool) -> torch.Tensor:
    bitsandbytes = pytest.importorskip("bitsandbytes")
    torch.manual_seed(0)
    layers = [
        bitsandbytes.nn.Linear4bit(256, 256, bias=False, compute_dtype=torch.bfloat16, quant_type="nf4")
        for _ in range(3)
    ]
    model: Any = torch.nn.Sequential(*layers).to("cpu")
    if trainable:
        assert keep_trainable(model) == 3
    given = torch.randn(4, 256, dtype=torch.bfloat16)
    if measured:
        model.eval()
        with torch.no_grad():
            model(given)
        model.train()
    given = given.requires_grad_()
    model(given).float().pow(2).sum().backward()
    return torch.zeros_like(given).float() if given.grad is None else given.grad.float()


def test_measuring_does_not_change_the_gradients() -> None:
    before = _gradient(trainable=True, measured=False)
    after = _gradient(trainable=True, measured=True)
    assert before.abs().sum() > 0
    assert torch.equal(before, after)


def test_the_trap_is_still_there() -> None:
    """Where this fails on such a CPU, bitsandbytes has been mended, and four_bit.py can go."""
    from bitsandbytes.functional import has_avx512bf16

    if not has_avx512bf16():
        pytest.skip("this CPU has no AVX-512 BF16")
    before = _gradient(trainable=False, measured=False)
    after = _gradient(trainable=False, measured=True)
    assert torch.nn.functional.cosine_similarity(before.flatten(), after.flatten(), dim=0) < 0.9


def test_weights_that_are_packed_already_are_refused() -> None:
    from bitsandbytes.functional import has_avx512bf16
    from bitsandbytes.nn import Linear4bit

    if not has_avx512bf16():
        pytest.skip("this CPU has no AVX-512 BF16")
    layer = Linear4bit(256, 256, bias=False, compute_dtype=torch.bfloat16, quant_type="nf4").to("cpu").eval()
    with torch.no_grad():
        layer(torch.randn(2, 256, dtype=torch.bfloat16))
    with pytest.raises(ValueError, match="packed for inference"):
        keep_trainable(layer)
