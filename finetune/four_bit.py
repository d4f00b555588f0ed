"""Keeps 4-bit layers trainable on CPUs.

In `eval()` bitsandbytes 0.50 packs a layer's 4-bit weights for AVX-512 BF16 at the first forward pass, and
`train()` does not unpack them: the gradients of everything below are wrong from then on, without an error.
"""

from typing import Any


def keep_trainable(model: Any) -> int:
    """Switches that packing off, before the first forward pass; returns in how many layers."""
    layers = [each for each in model.modules() if hasattr(each, "support_avx512bf16_for_cpu")]
    for layer in layers:
        if getattr(getattr(layer.weight, "quant_state", None), "packing_format_for_cpu", False):
            raise ValueError("the weights are packed for inference already: load the model anew to train it")
        layer.support_avx512bf16_for_cpu = False
    return len(layers)
