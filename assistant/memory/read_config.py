"""Reads a `config.json` into the shapes that memory depends on."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from assistant.errors import UserError
from assistant.memory.architecture import (
    Architecture,
    Config,
    Experts,
    Latent,
    family_of,
    number_in,
    size_in,
    text_config,
    windows_of,
)
from assistant.memory.tensors import count_tensors

_GATED_ACTIVATIONS = ("silu", "swish", "swiglu", "gelu_pytorch_tanh", "geglu")


def read_architecture(whole: Config) -> Architecture:
    """The shapes in a `config.json`. Raises UserError where it is not a model that can be counted."""
    if not isinstance(whole, Mapping):
        raise UserError("the model's config is not a JSON object.")
    config = text_config(whole)
    family, row, known = family_of(config)
    if not family and "hidden_size" not in config:
        raise UserError("this JSON is not a model's config: it has neither `model_type` nor `hidden_size`.")
    hidden, layers, heads = (size_in(config, what) for what in ("hidden", "layers", "heads"))
    if not (hidden and layers and heads):
        raise UserError("the model's config has a size of 0 where a model has layers, heads and a width.")
    kv_heads = _kv_heads(config, family, heads)
    latent = _latent(config)
    head_dim = next(
        (size for name in ("head_dim", "d_kv", "kv_channels") if (size := number_in(config, name, 0, 4096))),
        max(1, hidden // heads),
    )
    intermediate = size_in(config, "intermediate", 4 * hidden)
    if row.get("halved"):
        intermediate //= 2
    gated = row.get("gated", True) if known else _looks_gated(config)
    if "feed_forward_proj" in config:
        gated = "gated" in str(config["feed_forward_proj"])
    shapes = Architecture(
        family=family or "unknown",
        known=known,
        hidden=hidden,
        layers=layers,
        vocab=size_in(config, "vocab"),
        heads=heads,
        kv_heads=kv_heads,
        head_dim=latent.nope + latent.rope if latent else head_dim,
        value_dim=number_in(config, "v_head_dim", head_dim, 4096) if latent else head_dim,
        intermediate=intermediate,
        gated=gated,
        norm=row.get("norm", "rms"),
        norms=int(row.get("norms", 2)) + int(family == "falcon" and _two_norms(config)),
        qk_norm=row.get("qk_norm", "head" if config.get("use_qk_norm") and family != "cohere" else ""),
        tied=bool(config.get("tie_word_embeddings", _tied_by_default(family, row))),
        encoder=bool(row.get("encoder", False)),
        kept=int(row.get("kept", 1)),
        dropout=float(row.get("dropout", 0.0)),
        positions=size_in(config, "positions", int(row.get("default_positions", 0))),
        windows=windows_of(config, row, layers),
        attention=tuple(row.get("attention", ("q_proj", "k_proj", "v_proj", "o_proj"))),
        mlp=tuple(row.get("mlp", ("gate_proj", "up_proj", "down_proj"))),
        experts=_experts(config, row, known, layers, intermediate),
        latent=latent,
        rotary="positions" not in row and family not in ("bloom", "t5", "mt5"),
        decoder_layers=size_in({"num_layers": config.get("num_decoder_layers")}, "layers", layers)
        if row.get("encoder_decoder")
        else 0,
        dtype=str(whole.get("dtype") or whole.get("torch_dtype") or config.get("torch_dtype") or ""),
    )
    return replace(shapes, tensors=count_tensors(shapes, config, row, whole))


def _kv_heads(config: Config, family: str, heads: int) -> int:
    if family in ("falcon", "gpt_bigcode"):
        if config.get("new_decoder_architecture"):
            return size_in(config, "kv_heads", heads)
        return 1 if config.get("multi_query", True) else heads
    return size_in(config, "kv_heads", heads) or heads


def _latent(config: Config) -> Latent | None:
    rank, nope = (number_in(config, name, 0, 1 << 16) for name in ("kv_lora_rank", "qk_nope_head_dim"))
    if not rank or not nope:
        return None
    return Latent(
        query_rank=number_in(config, "q_lora_rank", 0),
        rank=rank,
        rope=number_in(config, "qk_rope_head_dim", 64),
        nope=nope,
    )


def _experts(
    config: Config, row: Mapping[str, Any], known: bool, layers: int, intermediate: int
) -> Experts | None:
    count = size_in(config, "experts", 0)
    if count < 2 or not (row.get("experts") or not known):
        return None
    size = size_in(config, "expert_size", intermediate)
    shared = number_in(
        config, "shared_expert_intermediate_size", number_in(config, "n_shared_experts", 0, 64) * size
    )
    dense = number_in(config, "first_k_dense_replace", 0)
    listed = config.get("mlp_only_layers")
    step = max(1, number_in(config, "decoder_sparse_step", 1))
    skipped = len(listed) if isinstance(listed, list) else 0
    return Experts(
        count, size_in(config, "active", 2), size, shared, max(0, layers - dense - skipped) // step
    )


def _two_norms(config: Config) -> bool:
    return bool(config.get("new_decoder_architecture")) or not config.get("parallel_attn", True)


def _looks_gated(config: Config) -> bool:
    activation = str(config.get("hidden_act") or config.get("hidden_activation") or "silu")
    return activation in _GATED_ACTIVATIONS


def _tied_by_default(family: str, row: Mapping[str, Any]) -> bool:
    # PretrainedConfig ties unless told otherwise; classes that do not are written with the key
    return family in (
        "gpt2",
        "gpt_bigcode",
        "bloom",
        "falcon",
        "opt",
        "gemma",
        "gemma2",
        "gemma3_text",
        "t5",
        "mt5",
        "cohere",
    ) or bool(row.get("encoder"))
