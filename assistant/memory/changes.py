"""The changes that save memory, each a function from a plan to the changed request (or None where it
changes nothing) and what is filled into its sentences."""

from collections.abc import Callable, Mapping

from assistant.memory.catalog import carried, find_model
from assistant.memory.largest import fits, highest, with_values
from assistant.memory.plan import Plan
from assistant.memory.request import PlanRequest
from assistant.memory.settings import before
from assistant.memory.weights import quantized

Changed = tuple[PlanRequest, Mapping[str, str]] | None
Change = Callable[[Plan], Changed]
_SHORTEST = 128


def _fused_loss(plan: Plan) -> Changed:
    s = plan.settings
    if not s.trains or s.fused_loss or plan.model.shape.encoder:
        return None
    return with_values(plan.request, fused_loss=True), {}


def _sdpa(plan: Plan) -> Changed:
    return (with_values(plan.request, attn="sdpa"), {}) if plan.settings.attn == "eager" else None


def _newer(plan: Plan) -> Changed:
    old = plan.settings.transformers
    if not before(old, "kept_logits"):
        return None
    return with_values(plan.request, transformers="4.57.0"), {"old": old}


def _fused_optimizer(plan: Plan) -> Changed:
    s = plan.settings
    return (
        (with_values(plan.request, optim="adamw_torch_fused"), {})
        if s.trains and s.optim == "adamw_torch"
        else None
    )


def _no_dropout(plan: Plan) -> Changed:
    s = plan.settings
    return (with_values(plan.request, lora_dropout=0.0), {}) if s.adapts and s.lora_dropout else None


def _trl(plan: Plan) -> Changed:
    s = plan.settings
    if not s.prepared:
        return None
    return with_values(plan.request, trainer="trl", fused_loss=True, checkpointing=s.checkpointing), {}


def _double_quant(plan: Plan) -> Changed:
    return (with_values(plan.request, precision="nf4-dq"), {}) if plan.settings.precision == "nf4" else None


def _checkpointing(plan: Plan) -> Changed:
    s = plan.settings
    return (with_values(plan.request, checkpointing=True), {}) if s.trains and not s.checkpointing else None


def _smaller_batch(plan: Plan) -> Changed:
    size = plan.settings.batch_size
    if size == 1:
        return None
    fitting = None
    if plan.gpu is not None:
        fitting = highest(
            lambda n: n < size and fits(plan.model, with_values(plan.request, batch_size=n, lengths="fixed")),
            1,
        )
    # a divisor, so that the batch that is learnt from stays as large
    less = next(n for n in range(fitting or 1, 0, -1) if size % n == 0)
    steps = size // less * plan.settings.accumulation
    return with_values(plan.request, batch_size=less), {"batch": str(less), "steps": str(steps)}


def _eight_bit(plan: Plan) -> Changed:
    s = plan.settings
    return (
        (with_values(plan.request, optim="paged_adamw_8bit"), {})
        if s.trains and "8bit" not in s.optim
        else None
    )


def _half(plan: Plan) -> Changed:
    s = plan.settings
    if s.precision != "fp32":
        return None
    return with_values(plan.request, precision="bf16"), {}


def _int8(plan: Plan) -> Changed:
    s = plan.settings
    return (
        (with_values(plan.request, precision="int8"), {})
        if not s.trains and not quantized(s.precision)
        else None
    )


def _four_bit(plan: Plan) -> Changed:
    s = plan.settings
    if s.trains or s.precision in ("nf4", "nf4-dq", "gptq-int4", "awq-int4"):
        return None
    return with_values(plan.request, precision="nf4-dq"), {}


def _qlora(plan: Plan) -> Changed:
    s = plan.settings
    if s.method != "lora" or s.precision in ("nf4", "nf4-dq"):
        return None
    return with_values(plan.request, method="qlora", precision="nf4-dq"), {}


def _lora(plan: Plan) -> Changed:
    return (
        (with_values(plan.request, method="lora"), {"r": str(plan.settings.lora_r)})
        if plan.settings.method == "full"
        else None
    )


def _share(plan: Plan) -> Changed:
    s = plan.settings
    if s.gpus == 1 or not s.trains or s.sharding in ("fsdp", "zero3"):
        return None
    return with_values(plan.request, sharding="fsdp"), {"gpus": str(s.gpus)}


def _shorter(plan: Plan) -> Changed:
    seq = plan.settings.seq
    if plan.gpu is None or seq <= _SHORTEST:
        return None
    fitting = highest(
        lambda n: n < seq and fits(plan.model, with_values(plan.request, seq=n, lengths="fixed")), _SHORTEST
    )
    if fitting is None:
        return None
    return with_values(plan.request, seq=fitting), {"seq": str(fitting)}


def _smaller_model(plan: Plan) -> Changed:
    if plan.gpu is None:
        return None
    owner = plan.model.id.split("/")[0]
    smaller = [
        (shape.params, name)
        for name in carried()
        if name.split("/")[0] == owner and (shape := find_model(name).shape).params < plan.model.shape.params
    ]
    for _, name in sorted(smaller, reverse=True):
        if fits(find_model(name), with_values(plan.request, model=name, lengths="fixed")):
            return with_values(plan.request, model=name), {"model": name}
    return None


# in order: what changes nothing in the result; what costs time; what costs accuracy; what changes the task.
# The last column: offered also where no GPU is known
CHANGES: tuple[tuple[str, Change, bool], ...] = (
    ("sdpa", _sdpa, True),
    ("fused_optimizer", _fused_optimizer, True),
    ("trl", _trl, True),
    ("fused_loss", _fused_loss, True),
    ("no_dropout", _no_dropout, True),
    ("newer", _newer, True),
    ("double_quant", _double_quant, True),
    ("checkpointing", _checkpointing, True),
    ("smaller_batch", _smaller_batch, True),
    ("share", _share, True),
    ("eight_bit", _eight_bit, True),
    ("half", _half, True),
    ("int8", _int8, False),
    ("four_bit", _four_bit, True),
    ("lora", _lora, False),
    ("qlora", _qlora, True),
    ("shorter", _shorter, False),
    ("smaller_model", _smaller_model, False),
)
FREE = ("sdpa", "fused_optimizer", "fused_loss")
