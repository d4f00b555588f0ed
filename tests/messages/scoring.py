"""Looks real messages up as a paste of them would be, and counts whether the right site comes first."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from assistant.messages.find import find
from assistant.messages.model import Match
from assistant.messages.store import Index
from assistant.reading import Frame, read
from tests.messages.real_errors import Said


@dataclass(frozen=True)
class Outcome:
    """A message and what was found for it: whether the first site is the one that said it."""

    said: Said
    found: tuple[Match, ...]
    right: bool


def outcomes(index: Index, messages: Sequence[Said], frames: bool = True) -> Iterator[Outcome]:
    for said in messages:
        found = next((each for each in lookups(index, said.shown, frames) if each), ())
        yield Outcome(said, found, bool(found) and is_site(found[0], said, strict=frames))


def lookups(index: Index, text: str, frames: bool = True) -> Iterator[tuple[Match, ...]]:
    """What is found for each message of a paste, the main exception first."""
    reading = read(text)
    if reading.main:
        given: tuple[Frame, ...] = reading.main.frames if frames else ()
        yield find(index, reading.main.message, reading.main.type, given)
    for event in reading.events:
        yield find(index, event.text, None)


def is_site(match: Match, said: Said, strict: bool = True) -> bool:
    """Whether a match is the place that said it. A text that a module keeps under a name counts where the
    module is right: its line is that of the text. Not strict: one of several equal texts will do."""
    site = match.site
    if not strict and match.equals > 1:
        return True
    places = ((said.file, said.line), *said.through)
    return any(
        site.file == file and (site.kind == "text" or site.line <= line <= site.end) for file, line in places
    )
