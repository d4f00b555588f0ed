"""What a GPU's name says, for rules that depend on it."""

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path

from assistant.config.report import Facts
from assistant.errors import UserError

_PACKAGES = ("transformers", "trl", "peft", "accelerate", "datasets", "bitsandbytes", "torch")
_TABLE = Path(__file__).parents[2] / "corpus" / "data" / "gpus.toml"


def facts_of(versions: Mapping[str, str], gpu: str | None, vram: float | None, gpus: int | None) -> Facts:
    """Facts as a command line states them. Raises UserError for a GPU that is not known and for sizes
    that cannot be."""
    if vram is not None and not 0 < vram < 10_000:
        raise UserError("`--vram` must be a positive number of GiB.")
    if gpus is not None and gpus < 1:
        raise UserError("`--gpus` must be at least 1.")
    for package, version in versions.items():
        if not re.match(r"v?\d+(\.\d+)*", version):
            raise UserError(f"`--{package} {version}` is no version: give one like 4.44.2.")
    given = {package: version.lstrip("v") for package, version in versions.items()}
    if not gpu:
        return Facts(versions=given, vram_gib=vram, gpus=gpus)
    found = lookup(gpu)
    if found is None:
        raise UserError(
            f"`--gpu {gpu}` is not a GPU that is known here; leave it out, or give `--vram` alone."
        )
    name, memory, capability = found
    return Facts(given, name, capability or None, vram or memory / 1.0737, gpus)


def lookup(name: str) -> tuple[str, float, float] | None:
    """Full name, memory in GB as sold, and compute capability (0 for what is no CUDA GPU)."""
    for row in tomllib.loads(_TABLE.read_text(encoding="utf-8"))["gpus"]:
        if re.search(row["pattern"], name, re.IGNORECASE):
            return row["name"], float(row["memory"][0]), float(row["cc"])
    return None


def from_case(facts: Mapping[str, object]) -> Facts:
    """Facts as a conversation knows them (the names of corpus/FORMAT.md: gpu, vram_gib, gpu_count,
    compute_capability, and versions by package)."""
    gpu = facts.get("gpu")
    known = lookup(gpu) if isinstance(gpu, str) else None
    versions = facts.get("versions")
    stated = versions if isinstance(versions, Mapping) else {name: facts.get(name) for name in _PACKAGES}
    capability = _number(facts.get("compute_capability")) or (known[2] if known else None)
    count = _number(facts.get("gpu_count"))
    return Facts(
        versions={str(name): str(version) for name, version in stated.items() if version},
        gpu=known[0] if known else None,
        compute_capability=capability or None,
        vram_gib=_number(facts.get("vram_gib")),
        gpus=int(count) if count else None,
    )


def _number(value: object) -> float | None:
    return (
        float(value)
        if isinstance(value, (int, float)) and not isinstance(value, bool) and value > 0
        else None
    )
