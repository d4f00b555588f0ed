"""Counts a model's weights tensor by tensor, by its class and its config: exact, nothing from its name."""

from collections.abc import Iterator, Mapping
from typing import Any

from assistant.errors import UserError
from assistant.memory.architecture import (
    Architecture,
    Config,
    Tensor,
    number_in,
    size_in,
)


def count_tensors(
    shape: Architecture, config: Config, row: Mapping[str, Any], whole: Config
) -> tuple[Tensor, ...]:
    """All weights: of the language model that `config` describes, and of the towers in `whole`."""
    tensors = _encoder_decoder(shape, config) if shape.decoder_layers else _stack(shape, config, row)
    return (*(tensor for tensor in tensors if tensor.numel), *_vision(whole))


def _stack(shape: Architecture, config: Config, row: Mapping[str, Any]) -> Iterator[Tensor]:
    """One stack of layers: decoders, and encoders as BERT."""
    biases = {what: _has(config, value) for what, value in row.get("biases", {}).items()}
    hidden, layers = shape.hidden, shape.layers
    embedding = number_in(
        config, "word_embed_proj_dim", number_in(config, "embedding_size", hidden, 1 << 17), 1 << 17
    )
    yield Tensor("embedding", shape.vocab, embedding)
    if embedding != hidden:
        yield Tensor("linear", hidden, embedding, 1, "project_in")
        yield Tensor("linear", embedding, hidden, 1, "project_out")
    if "positions" in row:
        yield Tensor("position", shape.positions + int(row["positions"]), hidden)
    if shape.family in ("gpt2", "gpt_bigcode") and not shape.positions:
        raise UserError("the model's config has no `n_positions`.")
    vector = 2 if shape.norm == "layer" and row.get("norm_bias", True) else 1
    extra = int(row.get("extra_norms", 0)) + (0 if config.get("do_layer_norm_before") is False else 1)
    if shape.encoder:
        yield from _encoder_ends(shape, config, row)
        yield Tensor("norm", 2 * hidden, count=2 * layers + 1)
    else:
        yield Tensor("norm", vector * hidden, count=shape.norms * layers + extra)
    if shape.qk_norm == "head":
        yield Tensor("norm", shape.head_dim, count=2 * layers)
    elif shape.qk_norm == "full":
        yield Tensor("norm", shape.query + shape.key_value, count=layers)
    yield from _latent_attention(shape) if shape.latent else _attention(shape, biases)
    if row.get("sinks"):
        yield Tensor("bias", shape.heads, count=layers)
    yield from _mlp(shape, biases, row)
    if not shape.encoder and not shape.tied:
        yield Tensor("head", shape.vocab, hidden, 1, "lm_head")
    if biases.get("head"):
        yield Tensor("bias", shape.vocab)


def _attention(shape: Architecture, biases: Mapping[str, bool]) -> Iterator[Tensor]:
    query, kv, hidden, layers = shape.query, shape.key_value, shape.hidden, shape.layers
    *inputs, output = shape.attention
    if len(inputs) == 1:
        yield Tensor("linear", query + 2 * kv, hidden, layers, inputs[0])
    else:
        for name, width in zip(inputs, (query, kv, kv), strict=True):
            yield Tensor("linear", width, hidden, layers, name)
    yield Tensor("linear", hidden, query, layers, output)
    if biases.get("qkv"):
        yield Tensor("bias", query + 2 * kv, count=layers)
    if biases.get("out"):
        yield Tensor("bias", hidden, count=layers)


def _latent_attention(shape: Architecture) -> Iterator[Tensor]:
    latent = shape.latent
    assert latent is not None
    layers, hidden = shape.layers, shape.hidden
    if latent.query_rank:
        yield Tensor("linear", latent.query_rank, hidden, layers, "q_a_proj")
        yield Tensor("norm", latent.query_rank, count=layers)
        yield Tensor("linear", shape.query, latent.query_rank, layers, "q_b_proj")
    else:
        yield Tensor("linear", shape.query, hidden, layers, "q_proj")
    yield Tensor("linear", latent.rank + latent.rope, hidden, layers, "kv_a_proj_with_mqa")
    yield Tensor("norm", latent.rank, count=layers)
    keys_and_values = shape.heads * (latent.nope + shape.value_dim)
    yield Tensor("linear", keys_and_values, latent.rank, layers, "kv_b_proj")
    yield Tensor("linear", hidden, shape.heads * shape.value_dim, layers, "o_proj")


def _mlp(shape: Architecture, biases: Mapping[str, bool], row: Mapping[str, Any]) -> Iterator[Tensor]:
    hidden, experts = shape.hidden, shape.experts
    dense = shape.layers - (experts.layers if experts else 0)
    yield from _dense_mlp(shape, shape.intermediate, dense, bool(row.get("fused_mlp")))
    if biases.get("mlp"):
        widths = shape.intermediate * (2 if shape.gated else 1) + hidden
        yield Tensor("bias", widths, count=dense)
    if experts:
        total = experts.count * experts.layers
        yield Tensor("expert", 2 * experts.size, hidden, total)
        yield Tensor("expert", hidden, experts.size, total)
        yield Tensor("router", experts.count, hidden, experts.layers)
        if experts.shared:
            yield from _dense_mlp(shape, experts.shared, experts.layers, False)
        if row.get("shared_gate"):
            yield Tensor("linear", 1, hidden, experts.layers, "shared_expert_gate")
        if row.get("expert_bias"):
            yield Tensor("bias", (2 * experts.size + hidden + 1) * experts.count, count=experts.layers)


def _dense_mlp(shape: Architecture, width: int, layers: int, fused: bool) -> Iterator[Tensor]:
    if not layers:
        return
    names, hidden = shape.mlp, shape.hidden
    if shape.gated and (fused or len(names) == 2):
        yield Tensor("linear", 2 * width, hidden, layers, names[0])
    elif shape.gated:
        yield Tensor("linear", width, hidden, layers, names[0])
        yield Tensor("linear", width, hidden, layers, names[1])
    else:
        yield Tensor("linear", width, hidden, layers, names[0])
    yield Tensor("linear", hidden, width, layers, names[-1])


def _encoder_ends(shape: Architecture, config: Config, row: Mapping[str, Any]) -> Iterator[Tensor]:
    yield Tensor("position", number_in(config, "type_vocab_size", 0), shape.hidden)
    if row.get("pooler", True):
        yield Tensor("linear", shape.hidden, shape.hidden, 1, "pooler")
        yield Tensor("bias", shape.hidden)


def _encoder_decoder(shape: Architecture, config: Config) -> Iterator[Tensor]:
    """T5: no biases, no learned positions but a table of relative ones in the first layer of each half."""
    hidden, inner = shape.hidden, shape.query
    stacks = shape.layers + shape.decoder_layers
    attentions = stacks + shape.decoder_layers
    *inputs, output = shape.attention
    yield Tensor("embedding", shape.vocab, hidden)
    yield Tensor("position", number_in(config, "relative_attention_num_buckets", 32), shape.heads, 2)
    for name in inputs:
        yield Tensor("linear", inner, hidden, attentions, name)
    yield Tensor("linear", hidden, inner, attentions, output)
    for name in shape.mlp[: 2 if shape.gated else 1]:
        yield Tensor("linear", shape.intermediate, hidden, stacks, name if shape.gated else "wi")
    yield Tensor("linear", hidden, shape.intermediate, stacks, shape.mlp[-1])
    yield Tensor("norm", hidden, count=2 * shape.layers + 3 * shape.decoder_layers + 2)
    if not shape.tied:
        yield Tensor("head", shape.vocab, hidden, 1, "lm_head")


def _vision(whole: Config) -> Iterator[Tensor]:
    """The image tower of a multimodal config, taken to be a plain vision transformer."""
    tower = whole.get("vision_config")
    width = number_in(tower, "hidden_size", 0, 1 << 16) if isinstance(tower, Mapping) else 0
    if width and isinstance(tower, Mapping):
        layers = size_in(tower, "layers", number_in(tower, "depth", 0))
        yield Tensor("vision", width, 4 * width + 2 * size_in(tower, "intermediate", 4 * width), layers)


def _has(config: Config, value: Any) -> bool:
    return bool(config.get(value, False)) if isinstance(value, str) else bool(value)
