"""What a call takes in the version that counts, and how a name came or went."""

from collections.abc import Mapping
from dataclasses import dataclass

from assistant.config.signatures import history
from assistant.config.signatures.history import Version, known_versions, number
from assistant.config.signatures.installed import installed, installed_version


@dataclass(frozen=True, slots=True)
class Taken:
    """Names that a call takes. `open`: it takes others too, so nothing can be said against a name."""

    names: frozenset[str]
    open: bool


def taken(call: str, versions: Mapping[str, str]) -> Taken | None:
    """What `trl.SFTConfig` takes with these versions of the libraries; None where that is not known
    (a library or version that was never read)."""
    package = call.split(".", 1)[0]
    version = versions.get(package, "")
    if version and version == installed_version(package):
        found = installed(package)
        signature = found.signatures.get(call) if found else None
        if signature is None:
            return None
        own, base, is_open = signature.names, signature.base, signature.open
    else:
        life, at = history.existence(call), _within(package, version)
        if life is None or at is None or not life.at(at):
            return None
        own = frozenset(name for name, alive in history.lives(call).items() if alive.at(at))
        base, is_open = history.base(call, at), history.is_open(call, at)
    if not base:
        return Taken(own, is_open)
    inherited = taken(base, versions)
    return Taken(own | inherited.names, is_open or inherited.open) if inherited else None


def values(enum: str, versions: Mapping[str, str]) -> frozenset[str]:
    """The values of an enumeration of transformers ("OptimizerNames"); empty where it is not known."""
    version = versions.get("transformers", "")
    if version and version == installed_version("transformers"):
        found = installed("transformers")
        return frozenset(found.enums.get(enum, ())) if found else frozenset()
    at = _within("transformers", version)
    return frozenset(v for v, life in history.enum(enum).items() if at is not None and life.at(at))


def went(call: str, name: str) -> str:
    """The version that no longer takes the name; "" if it never did or still does."""
    life = history.lives(call).get(name)
    if life:
        return life.gone
    based = history.base(call, (999, 0))
    return went(based, name) if based else ""


def came(call: str, name: str) -> str:
    """The version that first took the name; "" if it never did or always did."""
    life = history.lives(call).get(name)
    if life:
        return life.came
    based = history.base(call, (999, 0))
    return came(based, name) if based else ""


def ever(call: str) -> frozenset[str]:
    """Every name that the call took in any version."""
    names = frozenset(history.lives(call))
    based = history.base(call, (999, 0)) or history.base(call, (0, 0))
    return names | (ever(based) if based else frozenset())


def _within(package: str, version: str) -> Version | None:
    """The version as the history counts it; None where it is older than what was read."""
    known = known_versions(package)
    if not known:
        return None
    at = number(version) if version else number(known[1])
    return None if at < number(known[0]) else min(at, number(known[1]))
