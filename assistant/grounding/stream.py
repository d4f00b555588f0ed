"""Checks a reply while it is being written: sentences are given out as they are complete."""

import re
from collections.abc import Sequence

from assistant.grounding.check import MAX_TEXT, check_piece
from assistant.grounding.evidence import prepare
from assistant.grounding.model import Checked
from assistant.grounding.sentences import Piece, plain, split


class SentenceStream:
    """Takes a text in pieces and gives the checked sentences that are complete; places are those in
    the whole text. A sentence is complete when another one has begun after it, or at the end."""

    def __init__(
        self, evidence: Sequence[str], question: str = "", known: Sequence[str] = (), against: str = ""
    ) -> None:
        self._beside = [question, *known]
        self._evidence = prepare(evidence, self._beside)
        self._answer = prepare([against]) if against.strip() else None
        self._offset = 0
        self._open = ""
        self._new: list[str] = []
        self._waiting = 0

    def extend(self, evidence: Sequence[str]) -> None:
        """Exchanges the evidence: for the sentences that are not complete yet there is more of it."""
        self._evidence = prepare(evidence, self._beside)

    def feed(self, new_text: str) -> list[Checked]:
        """The sentences that this text completes."""
        self._new.append(plain(new_text))
        self._waiting += len(new_text)
        ends = any(end in new_text for end in _ENDS)
        # a long text without an end is looked at anew only when it has grown by a part
        if not ends or self._waiting * _PART < len(self._open) - _SHORT or self._offset > MAX_TEXT:
            return []
        pieces = split(self._joined())
        # the last piece may go on, or citations may follow it
        going_on = 2 if len(pieces) > 1 and _CITATION.match(pieces[-1].text) else 1
        done = pieces[:-going_on]
        if not done:
            return []
        checked = [self._checked(piece) for piece in done]
        cut = pieces[-going_on].start
        self._offset += cut
        self._open = self._open[cut:]
        return checked

    def close(self) -> list[Checked]:
        """The sentences that were still open; nothing may be fed after."""
        pieces, self._open = split(self._joined()), ""
        return [self._checked(piece) for piece in pieces]

    def _joined(self) -> str:
        self._open += "".join(self._new)
        self._new, self._waiting = [], 0
        return self._open

    def _checked(self, piece: Piece) -> Checked:
        moved = Piece(piece.text, piece.start + self._offset, piece.end + self._offset, piece.kind)
        if moved.start > MAX_TEXT:
            return Checked(moved.text, moved.start, moved.end, False, why="long", score=0.0)
        return check_piece(moved, self._evidence, self._answer)


_ENDS = ".!?。！？…\n"
_CITATION = re.compile(r"^[\[【［][\d\s,，、]*$")
_PART, _SHORT = 16, 4_000
