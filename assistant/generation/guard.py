"""Holds a model to what it may write: of the tokens, the best one that the grammar allows.

The likeliest token is tried first, as it is nearly always allowed; the others are looked at only where it is
not, and the whole vocabulary only inside a name, where few tokens can follow.
"""

from bisect import bisect_left
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from assistant.generation.constraint import Grammar, Place
from assistant.generation.pieces import Pieces

if TYPE_CHECKING:
    import torch

_TRIED = (16, 256, 4_096)


class Vocabulary:
    """The tokens of a model in the order of their bytes, which makes every beginning a range."""

    def __init__(self, pieces: Pieces, stops: frozenset[int]) -> None:
        self.pieces = pieces
        self.stops = stops
        self._ids = sorted(
            (token for token, data in enumerate(pieces.data) if data), key=pieces.data.__getitem__
        )
        self._words = [pieces.data[token] for token in self._ids]

    def allowed(self, grammar: Grammar, place: Place) -> Iterator[tuple[int, Place]]:
        """All tokens that may follow a place, each with the place after it; without those that end the
        reply. Costs little where little is allowed."""
        yield from self._walk(grammar, place, 0, len(self._words), 0)

    def _walk(
        self, grammar: Grammar, place: Place, low: int, high: int, depth: int
    ) -> Iterator[tuple[int, Place]]:
        while low < high:
            word = self._words[low]
            if len(word) == depth:
                yield self._ids[low], place
                low += 1
                continue
            beyond = word[:depth] + bytes((word[depth] + 1,)) if word[depth] < 255 else None
            end = bisect_left(self._words, beyond, low, high) if beyond is not None else high
            after = grammar.after(place, word[depth : depth + 1])
            if after is not None:
                yield from self._walk(grammar, after, low, end, depth + 1)
            low = end


class Guard:
    """Follows one reply. `place` is where it stands."""

    def __init__(self, vocabulary: Vocabulary, grammar: Grammar, begun: str = "") -> None:
        self._vocabulary = vocabulary
        self._grammar = grammar
        self.place = grammar.enter(begun)

    def allows(self, token: int) -> Place | None:
        """The place after a token; None if it is not allowed. A token that ends the reply leaves the place."""
        if token in self._vocabulary.stops:
            return self.place if self._grammar.may_stop(self.place) else None
        data = self._vocabulary.pieces.data[token]
        return self._grammar.after(self.place, data) if data else None

    def choose(self, scores: "torch.Tensor") -> int | None:
        """The allowed token with the highest score (of one row of scores, on the CPU), and moves behind it;
        None if nothing may follow. Scores of minus infinity are never chosen."""
        for token in self._candidates(scores):
            place = self.allows(token)
            if place is not None:
                self.place = place
                return token
        return self._rare(scores)

    @property
    def unsettled(self) -> int:
        """How many of the last characters are not certain yet."""
        return self._grammar.unsettled(self.place)

    def _candidates(self, scores: "torch.Tensor") -> Iterator[int]:
        import torch

        yield int(scores.argmax())
        done = 1
        for count in _TRIED[: 1 if self._is_narrow() else None]:
            values, tokens = torch.topk(scores, min(count, scores.numel()))
            finite = int(torch.isfinite(values).sum())
            yield from tokens[done:finite].tolist()
            done = max(done, finite)
            if finite < count:
                return

    def _is_narrow(self) -> bool:
        """Whether the place allows few tokens, so that looking all of them up is quicker."""
        return self.place.mode != "prose" or bool(self.unsettled)

    def _rare(self, scores: "torch.Tensor") -> int | None:
        values = scores.tolist()
        best, behind = None, self.place
        for token, place in self._vocabulary.allowed(self._grammar, self.place):
            if values[token] > float("-inf") and (best is None or values[token] > values[best]):
                best, behind = token, place
        stops = [token for token in self._vocabulary.stops if values[token] > float("-inf")]
        if self._grammar.may_stop(self.place) and stops:
            stop = max(stops, key=values.__getitem__)
            if best is None or values[stop] > values[best]:
                return stop
        self.place = behind
        return best


class LexiconLogitsProcessor:
    """The same for `model.generate(logits_processor=[…])`: everything but allowed tokens gets minus
    infinity. Of the allowed ones the likeliest few hundred are kept."""

    _KEPT = 256
    supports_continuous_batching = False

    def __init__(self, vocabulary: Vocabulary, grammar: Grammar, prompt_length: int) -> None:
        self._vocabulary = vocabulary
        self._grammar = grammar
        self._prompt_length = prompt_length

    def __call__(self, input_ids: Any, scores: Any) -> Any:
        import torch

        held = torch.full_like(scores, float("-inf"))
        for row, ids in enumerate(input_ids[:, self._prompt_length :].tolist()):
            guard = Guard(self._vocabulary, self._grammar)
            for token in ids:
                guard.place = guard.allows(token) or guard.place
            tokens = torch.topk(scores[row], min(self._KEPT, scores.shape[-1])).indices.tolist()
            kept = [token for token in tokens if guard.allows(token) is not None]
            if not kept:
                best = guard.choose(scores[row].float().cpu())
                kept = [best] if best is not None else sorted(self._vocabulary.stops)
            held[row, kept] = scores[row, kept]
        return held
