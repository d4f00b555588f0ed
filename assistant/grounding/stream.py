"""Checks a reply while it is being written: sentences are given out as they are complete."""

from collections.abc import Sequence

from assistant.grounding.check import MAX_TEXT, check_piece
from assistant.grounding.evidence import prepare
from assistant.grounding.model import Checked
from assistant.grounding.sentences import Piece, split


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

    def extend(self, evidence: Sequence[str]) -> None:
        """Exchanges the evidence: for the sentences that are not complete yet there is more of it."""
        self._evidence = prepare(evidence, self._beside)

    def feed(self, new_text: str) -> list[Checked]:
        """The sentences that this text completes."""
        self._open += new_text
        if not any(end in new_text for end in _ENDS) or self._offset > MAX_TEXT:
            return []
        pieces = split(self._open)
        # the last piece may go on, or citations may follow it
        done = pieces[:-1]
        if not done:
            return []
        checked = [self._checked(piece) for piece in done]
        cut = pieces[-1].start
        self._offset += cut
        self._open = self._open[cut:]
        return checked

    def close(self) -> list[Checked]:
        """The sentences that were still open; nothing may be fed after."""
        pieces, self._open = split(self._open), ""
        return [self._checked(piece) for piece in pieces]

    def _checked(self, piece: Piece) -> Checked:
        moved = Piece(piece.text, piece.start + self._offset, piece.end + self._offset, piece.kind)
        return check_piece(moved, self._evidence, self._answer)


_ENDS = ".!?。！？…\n`~"
