"""Which error entries have a proof, and why the others have none."""

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from tests.proofs.proof import all_proofs, error_entries

SHARE = 0.6
"""The least share of the error entries that must have a proof."""


def unproven() -> Mapping[str, Sequence[str]]:
    """The entries without a proof, by the reason."""
    return tomllib.loads((Path(__file__).parent / "unproven.toml").read_text(encoding="utf-8"))


def report() -> Iterator[str]:
    entries = {entry.id: entry for entry in error_entries()}
    points: dict[str, set[str]] = {}
    for each in all_proofs():
        points.setdefault(each.entry, set()).add(each.point)
    share = len(points) / len(entries)
    yield f"{len(points)} of {len(entries)} error entries have a proof ({share:.1%}); {len(all_proofs())} proofs"
    for name in sorted(points):
        yield f"  {name}: {', '.join(sorted(points[name]))} (of {len(entries[name].points)} points)"
    for reason, names in unproven().items():
        yield f"\nNot proven, {reason}:"
        yield from (f"  {name}" for name in sorted(names))
