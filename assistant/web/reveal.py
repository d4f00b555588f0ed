"""Shows checked text word by word: a sentence is checked when it is whole, and then revealed while the
next one is being written, so that a reply reads as a stream and nothing unchecked is seen.
"""

import re
import time
from collections.abc import Iterator

_UNIT = re.compile(r"\s*(?:`[^`\n]*`|[\u3400-\u9fff\u3000-\u303f\uff00-\uffef]{1,3}|[^\s`\u3400-\u9fff]+|`)")
_BACKLOG, _LAST_STEPS = 24, 8


class Reveal:
    """Holds how much of a growing text is shown."""

    def __init__(self) -> None:
        self._whole = ""
        self._shown = 0

    def advance(self, whole: str) -> str:
        """The text as far as it is shown now: a word more than last time, several where it lags."""
        self._take(whole)
        ends = self._ends()
        steps = 1 + len(ends) // _BACKLOG * 2
        if ends:
            self._shown = ends[min(steps, len(ends)) - 1]
        return self._text()

    def rest(self, whole: str, seconds: float = 0.4) -> Iterator[str]:
        """The rest in a few quick steps that take so many seconds."""
        self._take(whole)
        ends = self._ends()
        stride = max(1, -(-len(ends) // _LAST_STEPS))
        for end in ends[stride - 1 :: stride]:
            self._shown = end
            yield self._text()
            time.sleep(seconds / _LAST_STEPS)
        self._shown = len(whole)
        yield whole

    def _take(self, whole: str) -> None:
        if not whole.startswith(self._whole[: self._shown]):
            self._shown = 0 if self._whole[:1] != whole[:1] else min(self._shown, len(whole))
        self._whole = whole

    def _ends(self) -> list[int]:
        return [unit.end() for unit in _UNIT.finditer(self._whole, self._shown)]

    def _text(self) -> str:
        text = self._whole[: self._shown]
        return text if text.count("```") % 2 == 0 else f"{text}\n```"
