"""Attention of few query tokens on a CPU, for models whose heads share keys and values.

transformers leaves the sharing to torch, which on a CPU reads the keys and values once for each head. Laid
side by side, the heads that share them are queries like others and read them once: with 800 tokens of
context this took 0.1 ms a layer in place of 1.2 (tests/benchmarks/bench_lm.py).
"""

from typing import Any

import torch
from transformers import AttentionInterface, AttentionMaskInterface
from transformers.integrations.sdpa_attention import sdpa_attention_forward
from transformers.masking_utils import sdpa_mask

NAME = "shared_keys"
_FEW = 16


def attend(
    module: torch.nn.Module,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attention_mask: torch.Tensor | None,
    **options: Any,
) -> tuple[torch.Tensor, torch.Tensor | None]:
    """The same as transformers' "sdpa". Shapes: query (batch, heads, tokens, size), key and value (batch,
    shared heads, all tokens, size)."""
    batch, heads, tokens, size = query.shape
    shared = key.shape[1]
    usual = (
        tokens > _FEW
        or heads == shared
        or (tokens > 1 and attention_mask is None)  # causal by itself: the whole prompt is read
        or options.get("dropout")
        or options.get("position_bias") is not None
    )
    if usual:
        found: tuple[torch.Tensor, torch.Tensor | None] = sdpa_attention_forward(
            module, query, key, value, attention_mask, **options
        )
        return found
    queries = query.reshape(batch, shared, heads // shared * tokens, size)
    mask = None
    if attention_mask is not None:
        mask = attention_mask.repeat(1, 1, heads // shared, 1)
    output = torch.nn.functional.scaled_dot_product_attention(
        queries, key, value, attn_mask=mask, scale=options.get("scaling")
    )
    return output.reshape(batch, heads, tokens, size).transpose(1, 2).contiguous(), None


def use_for(model: Any) -> None:
    """Lets a model on a CPU attend this way, if it attends by "sdpa" now."""
    text = model.config.get_text_config(decoder=True)
    if getattr(text, "_attn_implementation", None) != "sdpa":
        return
    AttentionInterface.register(NAME, attend)
    AttentionMaskInterface.register(NAME, sdpa_mask)
    model.set_attn_implementation(NAME)
