"""Who writes next: one generation at a time on a device, shared fairly.

Visitors are served in turn, whatever one of them asks at once; whoever waits can be told how many are
before them, and about how long that takes.
"""

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field

_POLL_SECONDS = 0.1
_FIRST_GUESS = 12.0
_SMOOTHING = 0.3


@dataclass(eq=False)
class Ticket:
    """A place in the queue."""

    visitor: str
    number: int
    cancelled: threading.Event = field(default_factory=threading.Event)


@dataclass(frozen=True, slots=True)
class Waiting:
    """How many generations come before, and about how many seconds they take."""

    before: int
    seconds: float


class Turnstile:
    """The queue before one device."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._waiting: list[Ticket] = []
        self._inside: Ticket | None = None
        self._served: dict[str, int] = {}
        self._number = 0
        self._seconds = _FIRST_GUESS

    def enter(self, ticket_of: str, cancelled: threading.Event) -> Iterator[Waiting | Ticket]:
        """Yields the place in the queue when it changes (at least every second), at last the ticket; the
        queue is left without one if `cancelled` is set. Whoever got a ticket must `leave` with it."""
        with self._changed:
            self._number += 1
            ticket = Ticket(ticket_of, self._number, cancelled)
            self._waiting.append(ticket)
        shown = None
        try:
            while True:
                with self._changed:
                    if cancelled.is_set():
                        return
                    order = self._order()
                    if self._inside is None and order[0] is ticket:
                        self._waiting.remove(ticket)
                        self._inside = ticket
                        break
                    before = order.index(ticket) + (self._inside is not None)
                    self._changed.wait(_POLL_SECONDS)
                if before != shown:
                    shown = before
                    yield Waiting(before, before * self._seconds)
            yield ticket
        finally:
            with self._changed:
                if ticket in self._waiting:
                    self._waiting.remove(ticket)
                    self._changed.notify_all()

    def leave(self, ticket: Ticket, seconds: float | None) -> None:
        """Lets the next one in. `seconds` is how long this one took, None if that says nothing of others."""
        with self._changed:
            if self._inside is not ticket:
                return
            self._inside = None
            self._served[ticket.visitor] = ticket.number
            if seconds is not None:
                self._seconds += _SMOOTHING * (seconds - self._seconds)
            active = {each.visitor for each in self._waiting} | {ticket.visitor}
            self._served = {name: last for name, last in self._served.items() if name in active}
            self._changed.notify_all()

    def _order(self) -> list[Ticket]:
        """The waiting tickets as they will be let in: the visitor who was served longest ago first, and
        each visitor once a round."""
        rounds: dict[str, int] = {}
        keyed = []
        for ticket in sorted(self._waiting, key=lambda each: each.number):
            turn = rounds.get(ticket.visitor, 0)
            rounds[ticket.visitor] = turn + 1
            inside = self._inside is not None and self._inside.visitor == ticket.visitor
            keyed.append(((turn + inside, self._served.get(ticket.visitor, 0), ticket.number), ticket))
        return [ticket for _, ticket in sorted(keyed, key=lambda each: each[0])]
