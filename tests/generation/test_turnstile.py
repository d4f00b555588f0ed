"""The queue before the model: fair, and honest about places."""

import threading
import time

from assistant.generation.turnstile import Ticket, Turnstile, Waiting


def enter(turnstile: Turnstile, visitor: str) -> Ticket:
    return next(place for place in turnstile.enter(visitor, threading.Event()) if isinstance(place, Ticket))


class Visitor(threading.Thread):
    """Waits in the queue, notes when it was let in, and leaves."""

    def __init__(self, turnstile: Turnstile, name: str, order: list[str]) -> None:
        super().__init__(daemon=True)
        self.turnstile, self.visitor, self.order = turnstile, name, order
        self.places: list[int] = []
        self.cancelled = threading.Event()

    def run(self) -> None:
        for place in self.turnstile.enter(self.visitor, self.cancelled):
            if isinstance(place, Waiting):
                self.places.append(place.before)
            else:
                self.order.append(self.visitor)
                self.turnstile.leave(place, 0.01)


def start_in_line(turnstile: Turnstile, names: list[str], order: list[str]) -> list[Visitor]:
    visitors = []
    for name in names:
        visitor = Visitor(turnstile, name, order)
        visitor.start()
        while not visitor.places:
            time.sleep(0.005)
        visitors.append(visitor)
    return visitors


def test_an_empty_queue_lets_in_at_once() -> None:
    turnstile = Turnstile()
    ticket = enter(turnstile, "a")
    turnstile.leave(ticket, 1.0)
    assert enter(turnstile, "b").visitor == "b"


def test_only_one_is_inside_and_the_others_are_told_their_place() -> None:
    turnstile, order = Turnstile(), []
    inside = enter(turnstile, "first")
    visitors = start_in_line(turnstile, ["a", "b", "c"], order)
    assert [visitor.places[0] for visitor in visitors] == [1, 2, 3]
    assert order == []
    turnstile.leave(inside, 1.0)
    for visitor in visitors:
        visitor.join(5)
    assert order == ["a", "b", "c"]
    assert visitors[2].places == sorted(visitors[2].places, reverse=True)


def test_one_who_asks_much_does_not_hold_up_the_others() -> None:
    turnstile, order = Turnstile(), []
    inside = enter(turnstile, "greedy")
    visitors = start_in_line(turnstile, ["greedy", "greedy", "greedy", "modest"], order)
    turnstile.leave(inside, 1.0)
    for visitor in visitors:
        visitor.join(5)
    assert order.index("modest") == 0


def test_whoever_gives_up_leaves_the_queue() -> None:
    turnstile, order = Turnstile(), []
    inside = enter(turnstile, "first")
    gone, stays = start_in_line(turnstile, ["gone", "stays"], order)
    gone.cancelled.set()
    gone.join(5)
    while stays.places[-1] != 1:
        time.sleep(0.005)
    turnstile.leave(inside, 1.0)
    stays.join(5)
    assert order == ["stays"]


def test_the_expected_wait_follows_what_replies_take() -> None:
    turnstile = Turnstile()
    for _ in range(30):
        turnstile.leave(enter(turnstile, "a"), 2.0)
    inside = enter(turnstile, "a")
    waiting = next(turnstile.enter("b", threading.Event()))
    assert isinstance(waiting, Waiting)
    assert waiting.before == 1
    assert 1.9 < waiting.seconds < 2.5
    turnstile.leave(inside, None)
