"""What llama.cpp calls the parts of a Gemma 3 model, and what transformers calls them."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assistant.generation.gguf_file import Gguf, NotGguf, Tensor, rows, values
from assistant.generation.vocabulary import Kept

if TYPE_CHECKING:
    import torch

ROWS = "token_embd.weight"
"""llama.cpp's name of the embedding, a row a token."""

_NAMES = {"token_embd": "embed_tokens", "output_norm": "norm"}
_LAYER_NAMES = {
    "attn_norm": "input_layernorm",
    "attn_q": "self_attn.q_proj",
    "attn_k": "self_attn.k_proj",
    "attn_v": "self_attn.v_proj",
    "attn_output": "self_attn.o_proj",
    "attn_q_norm": "self_attn.q_norm",
    "attn_k_norm": "self_attn.k_norm",
    "post_attention_norm": "post_attention_layernorm",
    "ffn_norm": "pre_feedforward_layernorm",
    "ffn_gate": "mlp.gate_proj",
    "ffn_up": "mlp.up_proj",
    "ffn_down": "mlp.down_proj",
    "post_ffw_norm": "post_feedforward_layernorm",
}
_LOCAL_THETA = 10_000.0
"""Base of the rotary positions in layers with a sliding window; GGUF does not carry it."""


def names(file: Gguf) -> Iterator[tuple[str, Tensor]]:
    """Every tensor with its name in transformers. Raises NotGguf for one that a Gemma 3 model has not."""
    for tensor in file.tensors.values():
        name, _, end = tensor.name.rpartition(".")
        if name.startswith("blk."):
            _, layer, part = name.split(".", 2)
            known = f"layers.{layer}.{_LAYER_NAMES[part]}" if part in _LAYER_NAMES else ""
        else:
            known = _NAMES.get(name, "")
        if not known or end != "weight":
            raise NotGguf(f"The tensor {tensor.name} is no part of a Gemma 3 model.")
        yield f"model.{known}.weight", tensor


def weight(file: Gguf, name: str, tensor: Tensor, kept: Kept) -> "torch.Tensor":
    """A tensor in bf16 as transformers wants it; of the embedding only the kept rows. Raises OSError."""
    import numpy as np
    import torch

    only = tensor.name == ROWS
    found = rows(file, tensor, np.array(kept.ids, np.int64)) if only else values(file, tensor)
    if name.endswith("norm.weight"):
        found = found - 1  # llama.cpp stores what the scale is, transformers what is added to one
    return torch.from_numpy(found).to(torch.bfloat16)


def config_of(file: Gguf, tokenizer: Any) -> tuple[Any, Any]:
    """The model's settings and those of generation, with the tokenizer's ids: a reply ends at the end of
    the text or of the turn."""
    from transformers import GenerationConfig
    from transformers.models.gemma3 import Gemma3TextConfig

    def value(key: str) -> Any:
        return file.metadata[f"gemma3.{key}"]

    number = tokenizer.convert_tokens_to_ids
    ids = {
        "bos_token_id": number("<bos>"),
        "pad_token_id": number("<pad>"),
        "eos_token_id": [number("<eos>"), number("<end_of_turn>")],
    }
    config = Gemma3TextConfig(
        architectures=["Gemma3ForCausalLM"],
        vocab_size=len(tokenizer),
        hidden_size=value("embedding_length"),
        intermediate_size=value("feed_forward_length"),
        num_hidden_layers=value("block_count"),
        num_attention_heads=value("attention.head_count"),
        num_key_value_heads=value("attention.head_count_kv"),
        head_dim=value("attention.key_length"),
        query_pre_attn_scalar=value("attention.key_length"),
        max_position_embeddings=value("context_length"),
        rms_norm_eps=value("attention.layer_norm_rms_epsilon"),
        sliding_window=value("attention.sliding_window"),
        rope_parameters={
            "full_attention": {"rope_type": "default", "rope_theta": value("rope.freq_base")},
            "sliding_attention": {"rope_type": "default", "rope_theta": _LOCAL_THETA},
        },
        tie_word_embeddings="output.weight" not in file.tensors,
        dtype="bfloat16",
        **ids,
    )
    return config, GenerationConfig(**ids)


def size_of(folder: Path) -> int:
    """Bytes of the weights in a folder. Raises OSError."""
    return sum(file.stat().st_size for file in folder.glob("*.safetensors"))
