"""A model's shapes, read from its `config.json`: all that memory depends on, under one set of names."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Literal

from assistant.errors import UserError

Role = Literal["embedding", "position", "linear", "expert", "router", "norm", "bias", "head", "vision"]
Config = Mapping[str, Any]

_NAMES: Mapping[str, tuple[str, ...]] = {
    "hidden": ("hidden_size", "n_embd", "d_model", "dim"),
    "layers": ("num_hidden_layers", "n_layer", "n_layers", "num_layers"),
    "heads": ("num_attention_heads", "n_head", "n_heads", "num_heads"),
    "kv_heads": ("num_key_value_heads", "num_kv_heads", "multi_query_group_num"),
    "intermediate": ("intermediate_size", "n_inner", "ffn_dim", "d_ff", "hidden_dim", "ffn_hidden_size"),
    "positions": ("max_position_embeddings", "n_positions", "seq_length"),
    "vocab": ("vocab_size", "padded_vocab_size"),
    "experts": ("num_experts", "num_local_experts", "n_routed_experts"),
    "active": ("num_experts_per_tok", "num_experts_per_token"),
    "expert_size": ("moe_intermediate_size", "intermediate_size"),
}
_LIMITS: Mapping[str, int] = {
    "hidden": 1 << 17,
    "layers": 2048,
    "heads": 4096,
    "kv_heads": 4096,
    "intermediate": 1 << 20,
    "vocab": 1 << 22,
    "experts": 4096,
}


@dataclass(frozen=True, slots=True)
class Tensor:
    """Weights of one shape: `rows` outputs, `cols` inputs (1 for vectors), `count` of them in the model.
    `module` is the layer's own name ("q_proj"), "" where there is none to target."""

    role: Role
    rows: int
    cols: int = 1
    count: int = 1
    module: str = ""

    @property
    def numel(self) -> int:
        return self.rows * self.cols * self.count


@dataclass(frozen=True, slots=True)
class Experts:
    """A mixture: `count` experts in a layer, `active` for a token, `size` wide, `layers` of the model."""

    count: int
    active: int
    size: int
    shared: int
    layers: int


@dataclass(frozen=True, slots=True)
class Latent:
    """Multi-head latent attention: what the cache keeps of a token in a layer, and the heads' widths."""

    query_rank: int
    rank: int
    rope: int
    nope: int


@dataclass(frozen=True, slots=True)
class Architecture:
    """A model's shapes. `known` is False where a class that we have no table for is taken to be laid out
    as Llama is. `windows` is the sliding window of each layer, 0 where it sees everything; `kept` the
    tensors that the activation keeps; `rotary`: queries and keys are rotated; `decoder_layers` those of an encoder-decoder's second half."""

    family: str
    known: bool
    hidden: int
    layers: int
    vocab: int
    heads: int
    kv_heads: int
    head_dim: int
    value_dim: int
    intermediate: int
    gated: bool
    norm: Literal["rms", "layer"]
    norms: int
    qk_norm: str
    tied: bool
    encoder: bool
    kept: int
    dropout: float
    positions: int
    windows: tuple[int, ...]
    attention: tuple[str, ...]
    mlp: tuple[str, ...]
    experts: Experts | None = None
    latent: Latent | None = None
    rotary: bool = True
    decoder_layers: int = 0
    dtype: str = ""
    tensors: tuple[Tensor, ...] = field(default=())

    @property
    def query(self) -> int:
        """Width of the queries of all heads."""
        return self.heads * self.head_dim

    @property
    def key_value(self) -> int:
        """Width of the keys of all heads, and of the values."""
        return self.kv_heads * self.head_dim

    @property
    def params(self) -> int:
        return sum(tensor.numel for tensor in self.tensors)


@cache
def families() -> Mapping[str, Mapping[str, Any]]:
    """The table of classes, by `model_type`."""
    table: dict[str, dict[str, Any]] = tomllib.loads(
        (Path(__file__).parent / "data/families.toml").read_text("utf-8")
    )
    return {name: table[row["like"]] if "like" in row else row for name, row in table.items()}


def family_of(config: Config) -> tuple[str, Mapping[str, Any], bool]:
    """The class's name, its row of the table, and whether it has one."""
    name = str(config.get("model_type", "")).strip()
    row = families().get(name)
    return name, row if row is not None else {}, row is not None


def text_config(config: Config, depth: int = 3) -> Config:
    """The language model's part of a config that holds several (vision and text)."""
    for key in ("text_config", "llm_config", "language_config", "thinker_config"):
        nested = config.get(key)
        if isinstance(nested, Mapping) and depth:
            inner = text_config(nested, depth - 1)
            return {"tie_word_embeddings": config.get("tie_word_embeddings", True), **inner}
    return config


def size_in(config: Config, what: str, default: int | None = None) -> int:
    """A size by our name for it. Raises UserError where it is missing, no whole number, or absurd."""
    for name in _NAMES[what]:
        value = config.get(name)
        if isinstance(value, list):  # one for each layer: the largest counts
            value = max((each for each in value if isinstance(each, int)), default=None)
        if value is not None:
            return number_in({name: value}, name, 0, _LIMITS.get(what, 1 << 31))
    if default is None:
        raise UserError(
            f"the model's config has no `{_NAMES[what][0]}`: this architecture "
            f"(`model_type` {config.get('model_type', 'missing')!r}) cannot be counted from its config."
        )
    return default


def number_in(config: Config, name: str, default: int, most: int = 1 << 31) -> int:
    """A whole number of a config. Raises UserError where it is something else, or absurd."""
    value = config.get(name)
    if value is None or value is False:
        return default
    if isinstance(value, bool) or not isinstance(value, int | float) or value != value or abs(value) > 1e18:
        raise UserError(
            f"`{name}` in the model's config is {str(value)[:40]}: a whole number is needed there."
        )
    if value != int(value) or not 0 <= value <= most:
        raise UserError(f"`{name}` in the model's config is {value:g}: no model has that.")
    return int(value)


def windows_of(config: Config, row: Mapping[str, Any], layers: int) -> tuple[int, ...]:
    """The sliding window of each layer, in tokens; 0 where a layer sees everything."""
    width = config.get("sliding_window")
    style = row.get("windows", "listed" if config.get("layer_types") else "")
    if not isinstance(width, int) or width <= 0 or not style or config.get("use_sliding_window") is False:
        return (0,) * layers
    types = config.get("layer_types")
    if isinstance(types, list) and len(types) == layers:
        return tuple(width if "sliding" in str(kind) else 0 for kind in types)
    if style == "listed":
        every = number_in(config, "sliding_window_pattern", 6, 1 << 16) or 6
        return tuple(0 if (layer + 1) % every == 0 else width for layer in range(layers))
    return tuple(width if style == "all" or layer % 2 == 0 else 0 for layer in range(layers))
