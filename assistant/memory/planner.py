"""Plans the peak memory of a run: the one way from a request to a plan, read from top to bottom."""

from dataclasses import replace

from assistant.errors import UserError
from assistant.memory.allocator import Allocator, OutOfMemory
from assistant.memory.architecture import Architecture
from assistant.memory.gpus import find_gpu
from assistant.memory.inference import CacheKind, Generation, generate
from assistant.memory.plan import PARTS, Model, Note, Plan, Verdict
from assistant.memory.request import PlanRequest
from assistant.memory.settings import Settings, before, decide
from assistant.memory.sharding import Share, share_of
from assistant.memory.trace import Traced
from assistant.memory.training import Step, lengths, play
from assistant.memory.training_setup import (
    COMMON_RANK,
    WORKSPACE,
    heavier_adapter,
    trained_tensors,
    training_step,
    width_of,
)
from assistant.memory.weights import Weights, quantized, weigh

GIB = float(1 << 30)
CONTEXT = 0.5 * GIB
"""A process's CUDA context and kernels, loaded lazily (torch 2, CUDA 11.8 and later: 0.3 to 0.6 GiB)."""
NCCL = 0.5 * GIB
STEPS = 24
MOST = 0.2
"""An interval is never wider than this to either side."""
LESS, MORE = 0.02, 0.1
"""A run hardly needs less than its tensors, which are counted; it may need more: kernels' workspaces, other
versions' copies."""


def plan_for(model: Model, request: PlanRequest, traced: Traced | None = None) -> Plan:
    """The plan without levers. Raises UserError for settings that exclude each other."""
    shape = model.shape
    settings, origins = decide(request, shape)
    notes = [*_notes(model, settings), *_traced(traced)]
    free, name = None, ""
    if request.vram is not None:
        free = request.vram
    elif request.gpu:
        try:
            card = find_gpu(request.gpu)
            free, name = card.usable_gib, card.name
        except UserError as error:
            notes.append(Note("unknown_gpu", {"why": str(error)}))
    loose = before(settings.transformers, "loose_experts")
    rest = 4 if settings.prepared or settings.precision == "fp32" else None
    weights = weigh(shape, settings.precision, rest=rest, fused_experts=not loose)
    if before(settings.transformers, "rope_tables"):
        weights = replace(weights, unquantized=weights.unquantized + rope_tables(shape))
    trained = trained_tensors(shape, settings)
    count = sum(tensor.numel for tensor in trained)
    width = width_of(settings)
    share = share_of(
        settings.sharding,
        settings.gpus,
        trained=count,
        all_bytes=weights.total,
        largest=weights.largest,
        width=width,
    )
    runtime = CONTEXT + (NCCL if settings.gpus > 1 and settings.sharding != "device_map" else 0.0)
    room = None if free is None else max(0.0, free * GIB - runtime)
    parts: dict[str, float] = dict.fromkeys(PARTS, 0.0)
    parts["runtime"] = runtime
    if settings.trains:
        step = training_step(shape, settings, weights, trained, share, traced)
        fixed = play(step, settings.batch_size, lengths(settings.seq, 2, False))
        varied = _varied(step, settings, room)
        parts.update({part: float(fixed.parts.get(part, 0)) for part in PARTS if part != "runtime"})
        allocated, steady = float(fixed.peak), float(fixed.reserved_peak)
        low, high = _range(settings, steady, varied)
    else:
        done = _generation(shape, settings, weights, share)
        parts["weights"] = weights.total * share.weights
        parts["kv_cache"], parts["activations"], parts["logits"] = done.cache * share.layers, 0.0, done.logits
        allocated = done.peak + WORKSPACE
        parts["activations"] = max(0.0, allocated - sum(v for k, v in parts.items() if k != "runtime"))
        steady = high = done.reserved + WORKSPACE
        low = allocated
        if room is not None:
            high = max(allocated, min(high, room))
    reserved = max(allocated, (low + high) / 2) if settings.trains else high
    margin = _margin(settings)
    interval = (
        max(reserved * (1 - MOST), min(low, reserved) * (1 - margin)),
        min(reserved * (1 + MOST), max(high, reserved) * (1 + margin)),
    )
    heavier = heavier_adapter(shape, settings, origins)
    certain = steady if settings.trains else allocated
    needed = (
        allocated * (1 - LESS) + runtime,
        (certain + heavier) * (1 + MORE) + runtime,
    )
    if heavier > 0.1 * GIB and free is not None:
        notes.append(Note("rank", {"rank": str(COMMON_RANK), "gib": f"{heavier / GIB:.1f}"}))
    if settings.trains and high - steady > 0.5 * GIB:
        notes.append(Note("given_back", {"gib": f"{(reserved - steady) / GIB:.1f}"}))
    return Plan(
        model=model,
        request=request,
        settings=settings,
        origins=origins,
        trained=count,
        parts={part: parts[part] / GIB for part in PARTS},
        weights=_broken_down(
            weights, share, 0.0 if settings.method == "full" else count * width * share.weights
        ),
        allocated=allocated / GIB,
        reserved=reserved / GIB,
        device=(reserved + runtime) / GIB,
        interval=(interval[0] / GIB, interval[1] / GIB),
        needed=(needed[0] / GIB, needed[1] / GIB),
        gpu=free,
        gpu_name=name,
        verdict=_verdict(needed, free),
        notes=tuple(notes),
    )


def rope_tables(shape: Architecture) -> float:
    """Bytes of the cosines and sines that every layer once held for all positions, in 16 bits."""
    return 4.0 * shape.positions * shape.head_dim * shape.layers if shape.rotary else 0.0


def _generation(shape: Architecture, settings: Settings, weights: Weights, share: Share) -> Generation:
    kind = CacheKind(
        before(settings.transformers, "whole_cache"), before(settings.transformers, "expanded_latent")
    )
    return generate(
        shape,
        weights.total * share.weights,
        width=4 if settings.precision == "fp32" else 2,
        batch=settings.batch_size,
        prompt=settings.seq,
        new_tokens=settings.new_tokens,
        attention=settings.attn,
        prompt_logits=before(settings.transformers, "prompt_logits"),
        kind=kind,
        dequantized=2.0 * weights.largest if quantized(settings.precision) else 0.0,
    )


def _varied(step: Step, settings: Settings, room: float | None) -> Allocator | None:
    if settings.lengths == "fixed":
        return None
    try:
        return play(step, settings.batch_size, lengths(settings.seq, STEPS, True), room)
    except OutOfMemory:
        return None


def _range(settings: Settings, steady: float, varied: Allocator | None) -> tuple[float, float]:
    """The memory that torch holds when all batches are equally long, and when they are not."""
    if varied is None:
        return steady, steady
    held = max(steady, float(varied.reserved_peak))
    return (held, held) if settings.lengths == "varied" else (steady, held)


def _margin(settings: Settings) -> float:
    """What the formulas may be off by, from measurements of others: more where more is assumed."""
    return 0.12 if settings.trains else 0.08


def _verdict(needed: tuple[float, float], free: float | None) -> Verdict | None:
    if free is None:
        return None
    if needed[1] <= free * GIB:
        return "fits"
    return "does not fit" if needed[0] > free * GIB else "borderline"


def _broken_down(weights: Weights, share: Share, adapters: float) -> dict[str, float]:
    names = ("linear", "constants", "experts", "unquantized")
    return {
        **{name: getattr(weights, name) * share.weights / GIB for name in names},
        "adapters": adapters / GIB,
    }


def _traced(traced: Traced | None) -> list[Note]:
    if traced is None:
        return []
    if traced.kept is None:
        return [Note("trace_failed", {"why": traced.why})]
    return [Note("traced", {"kept": f"{traced.kept:,.0f}"})]


def _notes(model: Model, settings: Settings) -> list[Note]:
    notes = []
    shape = model.shape
    if model.assumed:
        notes.append(Note("assumed_model", {"model": model.id}))
    elif model.id.lower() != model.asked.lower() and model.asked:
        notes.append(Note("read_as", {"asked": model.asked, "model": model.id}))
    if not shape.known:
        notes.append(Note("unknown_class", {"family": shape.family}))
    fused = shape.experts and not before(settings.transformers, "loose_experts")
    if fused and settings.precision in ("nf4", "nf4-dq", "int8"):
        notes.append(Note("experts_kept"))
    if settings.prepared:
        notes.append(Note("prepared"))
    if shape.positions and settings.seq > shape.positions:
        notes.append(Note("too_long", {"seq": str(settings.seq), "positions": str(shape.positions)}))
    return notes
