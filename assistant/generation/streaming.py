"""The text of a reply as it is given away: whole characters, no stop string, nothing that is not certain."""

from collections.abc import Sequence

from assistant.generation.pieces import Pieces, TextStream


class Streamed:
    """Collects tokens and gives text. `stops` end the reply and are not part of it, whatever tokens they
    are spread over; `trim` drops the space that many vocabularies begin a text with."""

    def __init__(
        self, pieces: Pieces, stops: Sequence[str], *, show_control: bool = False, trim: bool = True
    ) -> None:
        self._text = TextStream(pieces, show_control)
        self._stops = tuple(stop for stop in stops if stop)
        self._trim = trim
        self._held = ""
        self.stopped = False

    def add(self, tokens: Sequence[int], unsettled: int = 0) -> str:
        """Takes tokens; gives what is certain by now. The last `unsettled` characters are held back."""
        self._held += "".join(map(self._text.add, tokens))
        if self._trim:
            self._held = self._held.lstrip(" \n")
            self._trim = not self._held
        ends = [place for stop in self._stops if (place := self._held.find(stop)) >= 0]
        if ends:
            self.stopped = True
            self._held = self._held[: min(ends)]
            return ""
        return self._give(max(unsettled, self._begun_stop()))

    def close(self, settled: bool = True) -> str:
        """The rest. What is held back and not `settled` may be the beginning of a name: it is dropped."""
        rest, self._held = self._held, ""
        return rest if settled or self.stopped else ""

    def _give(self, hold: int) -> str:
        cut = max(0, len(self._held) - hold)
        text, self._held = self._held[:cut], self._held[cut:]
        return text

    def _begun_stop(self) -> int:
        """Length of the longest end of the text that a stop string begins with."""
        return max(
            (
                size
                for stop in self._stops
                for size in range(1, len(stop))
                if self._held.endswith(stop[:size])
            ),
            default=0,
        )
