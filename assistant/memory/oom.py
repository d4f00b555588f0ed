"""Why an allocation failed, from the sizes in the message: too big, fragmented, another process, or one
huge tensor, and which tensor that is."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from assistant.memory.plan import Plan
from assistant.memory.words import Lang, texts

Cause = Literal["other_process", "fragmented", "huge_tensor", "too_big", "unknown"]
_CONTEXT = 0.5
_MATCH = 0.012
"""Sizes are printed with two decimals and rounded up to 2 MiB."""


@dataclass(frozen=True, slots=True)
class OomCause:
    """The cause, the sizes (GiB) that decide it, and what the tensor is, as an id of texts.toml with its
    values, where the plan's model has one of that size."""

    cause: Cause
    sizes: Mapping[str, float]
    tensor: str = ""
    values: Mapping[str, str] | None = None

    def words(self, lang: Lang, *, todo: bool = True) -> str:
        """Two or three sentences: why, which tensor, and (with `todo`) what to do."""
        table = texts()[lang]["oom"]
        filled = {name: f"{size:.2f}" for name, size in self.sizes.items()}
        said = [table[self.cause].format(**filled)]
        if self.tensor:
            said.append(table[f"tensor_{self.tensor}"].format(**(self.values or {})))
        if todo:
            said.append(table[f"do_{self.cause}"])
        return ("" if lang == "zh" else " ").join(said)


def explain_oom(facts: Mapping[str, object], plan: Plan | None = None) -> OomCause:
    """The cause, from facts named as in the corpus: `requested_gib`, `capacity_gib`, `allocated_gib`,
    `reserved_gib`, `unallocated_gib`, `free_gib`, `process_gib`, `other_gib`; any may be missing. `plan` is
    of the run that failed."""
    sizes = _sizes(facts)
    requested, capacity = sizes.get("requested"), sizes.get("capacity")
    if requested is None:
        return OomCause("unknown", sizes)
    allocated = sizes.get("allocated")
    unallocated = sizes.get("unallocated")
    if unallocated is None and allocated is not None and "reserved" in sizes:
        unallocated = max(0.0, sizes["reserved"] - allocated)
    held = (allocated or 0.0) + (unallocated or 0.0) or None
    own = sizes.get("process", held + _CONTEXT if held is not None else None)
    other = sizes.get("other")
    if other is None and None not in (capacity, own, sizes.get("free")):
        other = max(0.0, capacity - own - sizes["free"])  # type: ignore[operator]
    known = {"requested": requested, "capacity": capacity, "allocated": allocated, "unallocated": unallocated}
    found = {name: size for name, size in {**known, "own": own, "other": other}.items() if size is not None}
    tensor, values = _which(requested, plan) if plan else ("", None)
    crowded = capacity and other and own is not None and other > max(1.0, 0.08 * capacity)
    if crowded and requested <= (other or 0.0) + sizes.get("free", 0.0):
        return OomCause("other_process", found, tensor, values)
    if unallocated is not None and unallocated >= requested and unallocated > 0.02 * (held or 1):
        return OomCause("fragmented", found, tensor, values)
    if allocated is not None and requested > max(0.5 * allocated, 0.2 * (capacity or 2 * allocated), 1.0):
        return OomCause("huge_tensor", found, tensor, values)
    if allocated is not None and capacity is not None:
        return OomCause("too_big", found, tensor, values)
    return OomCause("unknown", found, tensor, values)


def _sizes(facts: Mapping[str, object]) -> dict[str, float]:
    return {
        key.removesuffix("_gib"): float(value)
        for key, value in facts.items()
        if key.endswith("_gib")
        and isinstance(value, int | float)
        and not isinstance(value, bool)
        and 0 <= value < 1e6
    }


def _which(requested: float, plan: Plan) -> tuple[str, Mapping[str, str] | None]:
    """The tensor of the plan's run that has this size."""
    shape, s = plan.model.shape, plan.settings
    tokens = s.batch_size * s.seq
    largest = max((t.rows * t.cols for t in shape.tensors if t.role == "linear"), default=0)
    known: tuple[tuple[str, int, dict[str, str]], ...] = (
        ("logits", tokens * shape.vocab, {"tokens": str(tokens), "vocab": str(shape.vocab)}),
        (
            "scores",
            s.batch_size * shape.heads * s.seq**2,
            {"heads": str(s.batch_size * shape.heads), "seq": str(s.seq)},
        ),
        ("embedding", shape.vocab * shape.hidden, {}),
        ("weight", largest, {}),
    )
    for name, numel, values in known:
        for width in (4, 2):
            if abs(numel * width / float(1 << 30) - requested) <= max(_MATCH, requested * _MATCH):
                return name, {**values, "bytes": str(width)}
    return "", None
