"""Writes one reply with a local model: reads the prompt, decodes, gives text, and meets what goes wrong."""

import time
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import torch

from assistant.generation.chat_format import Rendered
from assistant.generation.decoding import PREFILL, NoSense, Read, Stuck, decode, prefill
from assistant.generation.model import Finished, Job, Stopped
from assistant.generation.model_folder import one_line
from assistant.generation.sampling import Sampler

if TYPE_CHECKING:
    from assistant.generation.local import LocalModel


class Writing:
    """One reply."""

    def __init__(self, model: "LocalModel", job: Job, prompt: Rendered, limit: int, started: float) -> None:
        self._model = model
        self._job = job
        self._adapter = model.uses_adapter(job)
        self._prompt = prompt
        self._limit = limit
        self._started = started
        self._first = 0.0
        self._kept = model.start_cache(prompt.ids, self._adapter)
        self._reused = len(self._kept.tokens)
        self._state = Read(list(prompt.ids), len(prompt.ids), self._reused, prompt.begun)
        self._part = PREFILL
        self._text = model.text(job, (*job.stop, *prompt.stops))
        self._guard = model.guard(job.lexicon, job.begun)
        self._lookup = model.lookup(job, prompt.ids)
        self._sampler = Sampler(job.sampling)
        self._broken = False

    def run(self, ended: Callable[[], bool]) -> Iterator[str | Finished]:
        """The reply, with one retry where memory runs out."""
        for attempt in (1, 2):
            try:
                yield from self._write(ended)
                return
            except NoSense:
                self._broken = True
                yield self._finish("error", f"{self._model.name} gave scores that are no numbers.")
                return
            except Exception as error:  # whatever happens to a model, the chat goes on
                short = _is_out_of_memory(error)
                if short and attempt == 1:
                    self._forget()
                    continue
                name, reason = self._model.name, one_line(error)
                sentence = f"{name} ran out of memory: {reason}" if short else f"{name} failed: {reason}"
                yield self._finish("error", sentence)
                return

    def keep(self) -> None:
        """Leaves what was read for the next turn."""
        if not self._broken and self._state.read:
            self._kept.tokens = self._state.tokens[: self._state.read]
            self._model.keep_cache(self._kept)

    def _write(self, ended: Callable[[], bool]) -> Iterator[str | Finished]:
        row = prefill(self._forward, self._kept.cache, self._state, ended, self._part)
        if row is None:
            yield self._finish("user")
            return
        stopped: Stopped = "end"
        try:
            for tokens in decode(
                self._forward,
                self._kept.cache,
                self._state,
                row,
                sampler=self._sampler,
                guard=self._guard,
                lookup=self._lookup,
                stops=self._model.stops,
                limit=self._limit,
            ):
                self._first = self._first or time.perf_counter()
                text = self._text.add(tokens, self._guard.unsettled if self._guard else 0)
                if text:
                    yield text
                if self._text.stopped:
                    break
                if ended():
                    stopped = "user"
                    break
            else:
                stopped = "length" if self._new >= self._limit else "end"
        except Stuck:
            stopped = "end"
        whole = stopped == "end" and not self._text.stopped
        rest = self._text.close(settled=whole or self._guard is None)
        if rest:
            yield rest
        yield self._finish(stopped)

    def _forward(self, tokens: Sequence[int], cache: Any, keep: int) -> torch.Tensor:
        self._broken = True  # until the pass is over, some layers have read more than others
        scores = self._model.forward(tokens, cache, keep, self._adapter)
        self._broken = False
        return scores

    def _forget(self) -> None:
        """Starts the cache anew, with the reply so far, in smaller parts, after memory ran out."""
        self._lookup = None
        del self._kept
        self._model.drop_caches()
        self._kept = self._model.start_cache((), self._adapter)
        self._state.read = 0
        self._part = PREFILL // 4

    @property
    def _new(self) -> int:
        return len(self._state.tokens) - self._state.prompt

    def _finish(self, stopped: Stopped, error: str | None = None) -> Finished:
        now = time.perf_counter()
        first = self._first or now
        seconds = now - first
        return Finished(
            stopped,
            prompt_tokens=len(self._prompt.ids),
            new_tokens=self._new,
            first_token_ms=1_000 * (first - self._started),
            tokens_per_s=(self._new - 1) / seconds if seconds > 0 and self._new > 1 else 0.0,
            reused_tokens=self._reused,
            error=error,
        )


def _is_out_of_memory(error: Exception) -> bool:
    # on a CPU it is a RuntimeError like others
    return isinstance(error, torch.OutOfMemoryError | MemoryError) or "allocate memory" in str(error)
