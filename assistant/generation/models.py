"""Open instruct models that can be chosen, and what a model needs in memory.

`memory_need` is one function for the table's rows and for any config, before loading as before training;
`choose` takes the largest model that fits the free memory.
"""

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

MARGIN = 1.10
"""On top of what is computed: fragments, buffers of libraries, what a second program may take meanwhile."""
CONTEXT = 4_096
"""Tokens of context that the need is stated for unless another number is given."""

_BYTES = {"fp32": 4.0, "bf16": 2.0, "fp16": 2.0, "int8": 1.0, "bitsandbytes": 1.0}
# 4 bits, an 8-bit constant for each 64 of them, and a 32-bit one for each 256 of those
_NF4 = 0.5 + 1 / 64 + 4 / (64 * 256)
_READ_AT_ONCE = 1_024
_RUNTIME = {"cuda": 700 << 20, "cpu": 250 << 20}


@dataclass(frozen=True, slots=True)
class Shape:
    """What decides a model's need: all parameters, those of the embedding and head, which stay in 16
    bits, numbers of the keys and values, and the widths."""

    params: int
    embedding: int
    layers: int
    kv_heads: int
    head_dim: int
    hidden: int
    vocab: int


@dataclass(frozen=True, slots=True)
class Row:
    """A model of the table. `free`: a licence without limits of use, and no consent asked on the hub."""

    id: str
    revision: str
    licence: str
    shape: Shape
    context: int
    languages: tuple[str, ...]
    tools: bool
    free: bool


@cache
def table() -> tuple[Row, ...]:
    """All rows, in the order of models.toml."""
    text = (files("assistant.generation") / "models.toml").read_text(encoding="utf-8")
    return tuple(_row(entry) for entry in tomllib.loads(text)["model"])


def row(model: str) -> Row | None:
    """The row of a hub id."""
    return next((each for each in table() if each.id.lower() == model.lower()), None)


def memory_need(shape: Shape, context: int = CONTEXT, quantization: str = "nf4", device: str = "cuda") -> int:
    """Bytes that a model takes to serve one reply at a time: weights, keys and values of `context`
    tokens, the working memory of reading a prompt, the runtime, and MARGIN."""
    each = _BYTES.get(quantization, _NF4)
    wide = 4 if quantization == "fp32" else 2
    weights = (shape.params - shape.embedding) * each + shape.embedding * wide
    keys_values = 2 * shape.layers * shape.kv_heads * shape.head_dim * wide * context
    # a 4-bit matrix is unpacked whole for a prompt; the largest are about hidden x 4 hidden
    working = _READ_AT_ONCE * shape.hidden * 16 * wide + 4 * shape.hidden**2 * wide + 16 * shape.vocab * 4
    return int((weights + keys_values + working) * MARGIN) + _RUNTIME["cpu" if device == "cpu" else "cuda"]


def choose(free_bytes: int, device: str = "cuda", rows: Sequence[Row] | None = None) -> Row | None:
    """The largest model that anyone may use, that writes both languages, and that fits; None where the
    embedded one is the choice: without a GPU larger ones answer too slowly."""
    if device == "cpu":
        return None
    fitting = [
        each
        for each in (table() if rows is None else rows)
        if each.free
        and each.tools
        and {"en", "zh"} <= {*each.languages}
        and memory_need(each.shape) <= free_bytes
    ]
    return max(fitting, key=lambda each: each.shape.params, default=None)


def free_memory(device: str = "cpu") -> int:
    """Bytes that are free on a device; on the CPU within the limit of the container, if there is one."""
    if device.startswith("cuda"):
        import torch

        return int(torch.cuda.mem_get_info(torch.device(device))[0])
    free = _available()
    limit = _number(Path("/sys/fs/cgroup/memory.max"))
    used = _number(Path("/sys/fs/cgroup/memory.current"))
    return min(free, max(0, limit - used)) if limit is not None and used is not None else free


def shape_of(config: Any) -> Shape:
    """The shape of a transformers config. Parameters are counted from its widths."""
    text = config.get_text_config(decoder=True)
    hidden, layers = int(text.hidden_size), int(text.num_hidden_layers)
    heads = int(getattr(text, "num_attention_heads", 1) or 1)
    kv_heads = int(getattr(text, "num_key_value_heads", None) or heads)
    head_dim = int(getattr(text, "head_dim", None) or hidden // heads)
    inner = int(getattr(text, "intermediate_size", None) or 4 * hidden)
    vocab = int(text.vocab_size)
    tied = bool(getattr(config, "tie_word_embeddings", getattr(text, "tie_word_embeddings", False)))
    embedding = vocab * hidden * (1 if tied else 2)
    experts = int(getattr(text, "num_experts", None) or getattr(text, "num_local_experts", None) or 1)
    each_inner = int(getattr(text, "moe_intermediate_size", None) or inner) if experts > 1 else inner
    layer = hidden * head_dim * (2 * heads + 2 * kv_heads) + 3 * hidden * each_inner * experts
    return Shape(layers * layer + embedding, embedding, layers, kv_heads, head_dim, hidden, vocab)


def _row(entry: dict[str, Any]) -> Row:
    layers, kv_heads, head_dim = entry["kv"]
    hidden, vocab = entry["hidden"], entry["vocab"]
    shape = Shape(
        params=round(entry["params"] * 1e9),
        embedding=vocab * hidden * (1 if entry["tied"] else 2),
        layers=layers,
        kv_heads=kv_heads,
        head_dim=head_dim,
        hidden=hidden,
        vocab=vocab,
    )
    return Row(
        entry["id"],
        entry.get("revision", "main"),
        entry["licence"],
        shape,
        entry["context"],
        tuple(entry["languages"]),
        entry["tools"],
        entry["free"],
    )


def _available() -> int:
    try:
        import psutil  # type: ignore[import-untyped]

        return int(psutil.virtual_memory().available)
    except ImportError:
        import os

        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_AVPHYS_PAGES")


def _number(file: Path) -> int | None:
    try:
        return int(file.read_text())
    except (OSError, ValueError):
        return None
