"""What a proof is, and the list of all of them."""

import importlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache

from corpus import Entry, load
from tests.proofs.outcome import Outcome

MODULES = (
    "arguments",
    "checkpoints",
    "data",
    "devices",
    "distributed",
    "generation",
    "gradients",
    "hub",
    "packages",
    "peft_adapters",
    "peft_loading",
    "quantized",
    "tokenizers",
    "trainer",
    "weights",
)


@dataclass(frozen=True)
class Proof:
    """A function that fails as its entry says, and does not with `fixed=True`. `says` is a piece of the real
    message: in what the broken run shows, not in what the fixed one does. `run` takes `fixed` and, if it
    wants one, an empty `folder`. What is diagnosed is the traceback (without one, the output); `terminal`
    adds the output before the traceback, `also` what a user would add, where one text has several causes."""

    entry: str
    point: str
    says: str
    run: Callable[..., None]
    slow: bool = False
    terminal: bool = False
    also: str = ""

    @property
    def name(self) -> str:
        return f"{self.entry}:{self.run.__name__}"

    def pasted(self, outcome: Outcome) -> str:
        """What a user would paste of a run."""
        output = "" if outcome.traceback and not self.terminal else outcome.shown
        return "\n".join(part for part in (self.also, output, outcome.traceback) if part)


_PROOFS: list[Proof] = []


def proof(
    entry: str, point: str, *, says: str, slow: bool = False, terminal: bool = False, also: str = ""
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Registers a function as the proof of a point of an entry."""

    def register(run: Callable[..., None]) -> Callable[..., None]:
        _PROOFS.append(Proof(entry, point, says, run, slow, terminal, also))
        return run

    return register


@cache
def all_proofs() -> tuple[Proof, ...]:
    for module in MODULES:
        importlib.import_module(f"tests.proofs.{module}")
    return tuple(_PROOFS)


def error_entries() -> Iterator[Entry]:
    """The entries that an error text can name by itself."""
    return (entry for entry in load().entries if entry.signatures)
