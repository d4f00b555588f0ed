"""What the model is told of earlier turns: each turn's block of the prompt and what was kept of the
reply to it, so that the prompt of a turn begins with that of the turn before.

Kept on the server and looked up by the user's messages: what a browser claims that the model said is
never believed. A turn that is not here (a restart, another replica) is made again from its grounded
answer.
"""

import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass

from assistant.generation.prompt import Turn

_KEPT = 512

Key = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Said:
    """One finished turn: its block, the reply's kept text, and all that the model wrote."""

    block: str
    kept: str
    raw: str


class Memory:
    """The last turns of all conversations of a server. Thread-safe; bounded."""

    def __init__(self) -> None:
        self._turns: OrderedDict[tuple[str, Key], Said] = OrderedDict()
        self._lock = threading.Lock()

    def keep(self, manner: str, turns: Sequence[str], said: Said) -> None:
        """Keeps the turn that answers the last of `turns`; `manner` names model, language and such."""
        with self._lock:
            self._turns[manner, tuple(turns)] = said
            self._turns.move_to_end((manner, tuple(turns)))
            while len(self._turns) > _KEPT:
                self._turns.popitem(last=False)

    def find(self, manner: str, turns: Sequence[str]) -> Said | None:
        """The turn that answered the last of `turns`, if it is still known."""
        with self._lock:
            return self._turns.get((manner, tuple(turns)))


def as_turn(said: Said) -> Turn:
    """A finished turn as the prompt takes it."""
    return Turn(said.block, said.kept)
