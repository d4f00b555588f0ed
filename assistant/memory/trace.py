"""Measures what one layer of an installed class keeps for the backward pass, on the CPU: for classes
that the formulas do not know. Imports torch and transformers."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from assistant.memory.plan import Model
from assistant.memory.request import PlanRequest

_TOKENS = 32
_MOST = 2_000_000_000
"""Weights of two layers that a laptop can hold."""
_LAYERS = ("num_hidden_layers", "n_layer", "n_layers", "num_layers")
_VOCAB = 64


@dataclass(frozen=True, slots=True)
class Traced:
    """Bytes a token that a layer in bf16 keeps, or why that could not be measured (`kept` None)."""

    kept: float | None
    why: str = ""


def trace_layer(model: Model, request: PlanRequest) -> Traced:
    """Builds the class with one layer and with two, and takes the difference. Never raises for what a
    class does: the reason is in the result."""
    try:
        one, two = (_kept(model.config, layers, request.method == "full") for layers in (1, 2))
    except Exception as error:  # a class of the library may fail in any way; the formulas stand then
        return Traced(
            None, f"{type(error).__name__}: {str(error).splitlines()[0][:120] if str(error) else ''}"
        )
    if two <= one:
        return Traced(None, "a second layer kept nothing more")
    return Traced((two - one) / _TOKENS)


def _kept(config: Mapping[str, Any], layers: int, trained: bool) -> int:
    import torch
    from transformers import CONFIG_MAPPING, AutoModelForCausalLM

    from assistant.memory.architecture import text_config

    values = dict(text_config(config))
    family = str(values.pop("model_type"))
    if family not in CONFIG_MAPPING:
        raise ValueError(f"transformers has no class for {family!r}")
    for key in _LAYERS:
        if key in values:
            values[key] = layers
    if isinstance(values.get("layer_types"), list):
        values["layer_types"] = values["layer_types"][-layers:]
    for key in ("num_experts", "num_local_experts", "n_routed_experts"):
        active = values.get("num_experts_per_tok")
        if values.get(key) and active:  # more experts hold more weights, and no more activations
            values[key] = max(int(active), 8) if "n_group" not in values else values[key]
    values.update(vocab_size=_VOCAB, pad_token_id=None, bos_token_id=None, eos_token_id=None)
    values.pop("architectures", None)
    settings = CONFIG_MAPPING[family](**values)
    with torch.device("meta"):
        model = AutoModelForCausalLM.from_config(settings, dtype=torch.bfloat16)
    if sum(p.numel() for p in model.parameters()) > _MOST:
        raise ValueError("its layers are too large to be built here")
    model = model.to_empty(device="cpu").train()
    own = set()
    with torch.no_grad():
        for tensor in (*model.parameters(), *model.buffers()):
            tensor.zero_()
            own.add(tensor.untyped_storage()._cdata)
    for parameter in model.parameters():
        parameter.requires_grad_(trained)
    seen: dict[int, int] = {}

    def keep(tensor: Any) -> Any:
        storage = tensor.untyped_storage()
        if storage._cdata not in own:
            seen[storage._cdata] = storage.nbytes()
        return tensor

    embedded = torch.zeros(1, _TOKENS, model.get_input_embeddings().weight.shape[1], dtype=torch.bfloat16)
    embedded.requires_grad_(True)
    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        out = model(inputs_embeds=embedded, use_cache=False)
    total = sum(seen.values())
    del out
    return total
