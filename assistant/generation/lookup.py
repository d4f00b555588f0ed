"""Prompt look-up: replies copy from the evidence, so what followed the last words there is tried as a draft.

A draft is read in one pass with the last token and only what the model would have written itself is kept.
"""

from collections.abc import Sequence

_LONGEST, _SHORTEST = 3, 2


class Lookup:
    """Where runs of tokens occurred last, in a prompt and the reply to it. `length` is the longest draft;
    it is shortened while drafts fail."""

    def __init__(self, length: int) -> None:
        self._tokens: list[int] = []
        self._last: dict[tuple[int, ...], int] = {}
        self._most = length
        self._length = length

    def add(self, tokens: Sequence[int]) -> None:
        """Reads on."""
        for token in tokens:
            self._tokens.append(token)
            # what ends at the newest token is entered once something follows it
            end = len(self._tokens) - 1
            for size in range(_SHORTEST, _LONGEST + 1):
                if end >= size:
                    self._last[tuple(self._tokens[end - size : end])] = end

    def draft(self, room: int) -> list[int]:
        """What may come next, at most `room` tokens; [] if nothing is known."""
        for size in range(_LONGEST, _SHORTEST - 1, -1):
            place = self._last.get(tuple(self._tokens[-size:]))
            if place is not None:
                return self._tokens[place : place + min(self._length, room)]
        return []

    def learn(self, drafted: int, right: int) -> None:
        """Adapts the length to how many of a draft's tokens were right."""
        if right == drafted:
            self._length = min(self._most, self._length + 2)
        elif 2 * right < drafted:
            self._length = max(2, self._length - 2)
