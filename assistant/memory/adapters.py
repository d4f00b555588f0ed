"""The weights that are trained: all of them, or those that a PEFT method adds."""

from collections.abc import Iterable
from dataclasses import dataclass

from assistant.errors import UserError
from assistant.memory.architecture import Architecture, Tensor

_PARTS = {
    "q_proj": "query", "k_proj": "key", "v_proj": "value", "o_proj": "out",
    "gate_proj": "gate", "up_proj": "up", "down_proj": "down",
}  # fmt: skip
"""Llama's names, which people use for every model, and what they stand for."""


_EVERYTHING = (["all-linear"], ["all"])


@dataclass(frozen=True, slots=True)
class Target:
    """A linear layer that gets an adapter. `group` is what it reads: layers of a group read one tensor."""

    module: str
    group: str
    rows: int
    cols: int
    count: int


def _roles(shape: Architecture) -> dict[str, str]:
    """What each linear layer of a block is: module name → attention_in, attention_out, mlp_in, mlp_out."""
    *inputs, output = shape.attention
    *ups, down = shape.mlp
    roles = dict.fromkeys(inputs, "attention_in") | dict.fromkeys(ups, "mlp_in")
    roles |= {"q_a_proj": "attention_in", "q_b_proj": "latent_in", "kv_b_proj": "latent_in"}
    roles[down] = "mlp_out"
    roles[output] = "attention_out"
    return roles


def targets_of(shape: Architecture, wanted: str) -> tuple[Target, ...]:
    """The layers that `target_modules` reaches: "all-linear", or names with commas. Raises UserError
    where a model has none of them. Llama's names are understood for models that name them otherwise."""
    linear = [t for t in shape.tensors if t.role == "linear" and t.module]
    block = [t for t in linear if t.count >= min(shape.layers, 2) or shape.layers == 1]
    names = [name.strip().rsplit(".", 1)[-1] for name in wanted.split(",") if name.strip()]
    if not names:
        raise UserError("`--lora-targets` names no layer: give names with commas, or `all-linear`.")
    if names in _EVERYTHING:
        chosen = block
    else:
        own = {t.module for t in linear}
        meant = {name for name in names if name in own} | {
            module for name in names if name not in own for module in _translated(shape, name)
        }
        chosen = [t for t in linear if t.module in meant]
    if not chosen:
        has = ", ".join(sorted({t.module for t in block}))
        raise UserError(
            f"this model has no layer called {', '.join(names)[:120]}: its linear layers are {has}."
        )
    roles = _roles(shape)
    found = []
    attention_seen = 0
    for tensor in chosen:
        group = roles.get(tensor.module, "mlp_in")
        if tensor.module == shape.attention[-1] == shape.mlp[-1]:  # c_proj of GPT-2: one in each half
            group = "attention_out" if tensor.cols == shape.query and not attention_seen else "mlp_out"
            attention_seen += 1
        found.append(Target(tensor.module, group, tensor.rows, tensor.cols, tensor.count))
    if shape.experts and names in _EVERYTHING:
        found += _on_experts(shape)
    return tuple(found)


def _on_experts(shape: Architecture) -> Iterable[Target]:
    """PEFT's all-linear reaches experts too; their fused gate and up projection gets twice the rank."""
    for tensor in shape.tensors:
        if tensor.role == "expert":
            twice = 2 if tensor.cols == shape.hidden else 1
            for _ in range(twice):
                yield Target("experts", "experts", tensor.rows, tensor.cols, tensor.count)


def _translated(shape: Architecture, name: str) -> Iterable[str]:
    part = _PARTS.get(name)
    *inputs, output = shape.attention
    *ups, down = shape.mlp
    if part in ("query", "key", "value"):
        index = ("query", "key", "value").index(part)
        return (inputs[min(index, len(inputs) - 1)],)
    if part == "out":
        return (output,)
    if part in ("gate", "up"):
        return (ups[0] if part == "gate" else ups[-1],)
    return (down,) if part == "down" else ()


def lora_tensors(targets: Iterable[Target], rank: int) -> tuple[Tensor, ...]:
    """The matrices A and B that LoRA adds."""
    return tuple(
        tensor
        for target in targets
        for tensor in (
            Tensor("linear", rank, target.cols, target.count, f"{target.module}.A"),
            Tensor("linear", target.rows, rank, target.count, f"{target.module}.B"),
        )
    )


def prompt_tensors(shape: Architecture, method: str, tokens: int) -> tuple[Tensor, ...]:
    """The virtual tokens of prompt tuning (embeddings) and prefix tuning (keys and values of each layer)."""
    if method == "prompt":
        return (Tensor("embedding", tokens, shape.hidden),)
    return (Tensor("embedding", tokens, 2 * shape.layers * shape.key_value),)
