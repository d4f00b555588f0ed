"""What torch's builds can run on: the driver that a CUDA build needs, and the GPUs that it has code for."""

import re
import tomllib
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Any

from packaging.specifiers import SpecifierSet
from packaging.version import InvalidVersion, Version


@cache
def _tables() -> Mapping[str, Sequence[Mapping[str, Any]]]:
    return tomllib.loads((files("assistant.machine") / "builds.toml").read_text(encoding="utf-8"))


def version(text: object) -> Version | None:
    """A version without its local part ("+cu121"), None where it is none."""
    try:
        return Version(str(text).split("+")[0])
    except InvalidVersion:
        return None


def within(text: object, ranges: str) -> bool:
    """Whether a version lies in a range; a pre-release counts as its release."""
    found = version(text)
    return found is not None and SpecifierSet(ranges).contains(Version(found.base_version))


def oldest_driver(cuda: str, *, windows: bool = False) -> str | None:
    """The oldest driver that serves a CUDA build, None where the build is unknown."""
    row = next((row for row in _tables()["drivers"] if within(cuda, row["cuda"])), None)
    return str(row["windows" if windows else "linux"]) if row else None


def served_cuda(cuda: str) -> str | None:
    """The CUDA version that a driver must at least show for a CUDA build to run."""
    row = next((row for row in _tables()["drivers"] if within(cuda, row["cuda"])), None)
    return str(row["serves"]) if row else None


def compiled_for(torch: str, cuda: str) -> tuple[int, ...]:
    """The sm numbers that torch's x86_64 wheel has code for, () where that is unknown."""
    for row in _tables()["builds"]:
        if within(torch, row["torch"]) and within(cuda, row["cuda"]):
            return tuple(row["code"])
    return ()


def build_for(capability: str) -> str | None:
    """The build that has code for a GPU, as words that fit both languages."""
    return next(
        (str(row["text"]) for row in _tables()["wheels"] if within(capability, row["capability"])), None
    )


def wheel_for(cuda: str) -> str | None:
    """The wheel tag of current torch that a driver serves whose newest CUDA is this; None before CUDA 11."""
    found = version(cuda)
    if found is None or found.major < 11:
        return None
    return {11: "cu118", 12: "cu126"}.get(found.major, "cu130")


def runs_on(capability: str, code: Sequence[str | int]) -> bool | None:
    """Whether code for these architectures ("sm_80", "compute_90", 75) runs on a GPU of that compute
    capability: compiled code within its major version, PTX on everything newer. None: not known."""
    match = re.fullmatch(r"(\d{1,2})\.(\d)", capability)
    if not match or not code:
        return None
    gpu = int(match[1]) * 10 + int(match[2])
    for each in code:
        number = re.search(r"(\d{2,3})", str(each))
        if not number:
            continue
        built = int(number[1])
        if built <= gpu and (built // 10 == gpu // 10 or str(each).startswith("compute")):
            return True
    return False
