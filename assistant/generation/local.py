"""A local model that writes replies: any transformers causal LM, in 4 bits, with or without its adapter.

One reply at a time on a device. The prompt's beginning that was read before is not read again; the words
that may be used are held to the job's lexicon; text is given as soon as it cannot change any more.
"""

import gc
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from functools import lru_cache
from pathlib import Path
from typing import Any

import torch

from assistant.generation.chat_format import render, turn_ends
from assistant.generation.constraint import Grammar
from assistant.generation.guard import Guard, Vocabulary
from assistant.generation.hub import Cancel
from assistant.generation.loading import Loaded, Precision, Report, load, load_pair
from assistant.generation.lookup import Lookup
from assistant.generation.model import Finished, Job, Lexicon
from assistant.generation.model_folder import one_line
from assistant.generation.need import free_memory
from assistant.generation.pieces import pieces_of
from assistant.generation.prefix import Kept, PrefixStore, can_keep, new_cache
from assistant.generation.streaming import Streamed
from assistant.generation.worker import thread_count, worker_for
from assistant.generation.writing import Writing

__all__ = ["Cancel", "LocalModel", "open_model", "open_pair"]

SMALL = 1_000_000_000
"""Parameters under which a model words well and chooses badly."""
LONGEST = 8_192
"""Tokens of context that are used at most: more takes memory and time that no answer needs."""
KEPT_BYTES = {"cpu": 96 << 20, "cuda": 1 << 30}
"""Memory for the prompts of the last conversations."""
DRAFT = {"cpu": 8, "cuda": 4}
"""Tokens of a draft from the prompt; 0 switches look-up off (tests/benchmarks/bench_lm.py)."""


def open_model(
    source: str,
    *,
    adapter: str | None = None,
    revision: str | None = None,
    precision: Precision = "auto",
    device: str = "auto",
    name: str = "",
    report: Report = lambda stage, done, total: None,
    cancelled: threading.Event | None = None,
) -> "LocalModel":
    """A folder or a hub id, ready to write. Raises UserError, and Cancel soon after `cancelled` is set."""
    return LocalModel(
        load(
            source,
            adapter=adapter,
            revision=revision,
            precision=precision,
            device=device,
            name=name,
            report=report,
            cancelled=cancelled,
        )
    )


def open_pair(
    base: Path,
    merged: Path,
    *,
    adapter: str,
    device: str = "auto",
    name: str = "",
    report: Report = lambda stage, done, total: None,
    cancelled: threading.Event | None = None,
) -> "LocalModel":
    """A quantized model and the same one with an adapter merged in, switched for each reply."""
    return LocalModel(
        load_pair(base, merged, adapter=adapter, device=device, name=name, report=report, cancelled=cancelled)
    )


class LocalModel:
    """A Generator (see assistant.generation.model). `warning` says why the model's own chat template is
    not used, "" if it is or there is none."""

    def __init__(self, loaded: Loaded) -> None:
        self._loaded = loaded
        config = loaded.model.config
        self.name = loaded.name
        self.adapter = loaded.adapter
        self.quantization = "none" if loaded.quantization in ("bf16", "fp32") else loaded.quantization
        text = config.get_text_config(decoder=True)
        self.context = min(int(getattr(text, "max_position_embeddings", LONGEST)), LONGEST)
        self.parameters = _parameters(loaded.model)
        self.small = self.parameters < SMALL
        template = getattr(loaded.tokenizer, "chat_template", None)
        self.tools = not self.small and bool(template) and "tools" in str(template)
        self.warning = ""
        kind = loaded.device.partition(":")[0]
        stops = turn_ends(loaded.tokenizer, getattr(loaded.model, "generation_config", None))
        self._vocabulary = Vocabulary(pieces_of(loaded.tokenizer, int(text.vocab_size)), stops)
        budget = KEPT_BYTES.get(kind, KEPT_BYTES["cpu"])
        self._prefixes = PrefixStore(min(budget, free_memory(loaded.device) // 8))
        self._draft = DRAFT.get(kind, 0) if can_keep(config) else 0
        self._grammar = lru_cache(maxsize=4)(Grammar)
        self._worker = worker_for(loaded.device)
        self._closed = False

    def count(self, text: str) -> int:
        """Tokens of a text."""
        return len(self._loaded.tokenizer(text, add_special_tokens=False)["input_ids"])

    def stream(self, job: Job, cancelled: threading.Event) -> Iterator[str | Finished]:
        """New text as it is written, then one Finished."""
        yield from self._worker.iterate(lambda ended: self.reply(job, ended), cancelled.is_set)

    def close(self) -> None:
        """Gives memory back, once the reply that is being written has ended."""
        self._worker.call(self._let_go)

    def _let_go(self) -> None:
        self._closed = True
        self._prefixes.clear()
        self._loaded = None  # type: ignore[assignment]
        _free()

    def reply(self, job: Job, ended: Callable[[], bool]) -> Iterator[str | Finished]:
        """As `stream`, in the thread that calls it: for where each reply has a thread, or a process, of its own."""
        started = time.perf_counter()
        if ended():
            yield Finished("user")
            return
        if self._closed:
            yield Finished("error", error=f"{self.name} has been closed.")
            return
        try:
            prompt = render(job.messages, self._loaded.tokenizer, job.begun, job.tools)
        except Exception as error:  # a tokenizer is the model's own: whatever it raises ends this reply only
            yield Finished("error", error=f"the prompt cannot be made: {one_line(error)}")
            return
        self.warning = prompt.warning
        limit = min(job.sampling.max_new_tokens, self.context - len(prompt.ids))
        if limit < 1:
            yield Finished(
                "error",
                prompt_tokens=len(prompt.ids),
                error=f"the conversation has {len(prompt.ids)} tokens and {self.name} reads {self.context}.",
            )
            return
        writing = Writing(self, job, prompt, limit, started)
        try:
            yield from writing.run(ended)
        finally:
            writing.keep()

    # what a Writing needs of the model

    def start_cache(self, ids: Sequence[int], adapter: bool) -> Kept:
        """A cache for a prompt, with what was read of it before."""
        found = self._prefixes.take(ids, adapter)
        return found or Kept([], new_cache(self._loaded.model.config), adapter)

    def keep_cache(self, kept: Kept) -> None:
        """Keeps a cache for the next turn."""
        if kept.tokens and can_keep(self._loaded.model.config):
            self._prefixes.keep(kept)

    def drop_caches(self) -> None:
        """Frees all that can be done without."""
        self._prefixes.clear()
        _free()

    def uses_adapter(self, job: Job) -> bool:
        """Whether this job is written with the adapter."""
        return bool(self.adapter) and job.adapter

    def guard(self, lexicon: Lexicon | None, begun: str) -> Guard | None:
        """What holds a reply to its lexicon."""
        return Guard(self._vocabulary, self._grammar(lexicon), begun) if lexicon is not None else None

    def lookup(self, job: Job, ids: Sequence[int]) -> Lookup | None:
        """Drafts from the prompt, where they pay: only a reply without chance can be drafted."""
        if not self._draft or job.sampling.do_sample:
            return None
        lookup = Lookup(self._draft)
        lookup.add(ids)
        return lookup

    def text(self, job: Job, stops: Sequence[str]) -> Streamed:
        """The text of a reply."""
        return Streamed(self._vocabulary.pieces, stops, show_control=bool(job.tools), trim=not job.begun)

    @property
    def stops(self) -> frozenset[int]:
        """The tokens that end a reply."""
        return self._vocabulary.stops

    def forward(self, tokens: Sequence[int], cache: Any, keep: int, adapter: bool) -> torch.Tensor:
        """Scores of the last `keep` positions after reading tokens."""
        loaded = self._loaded
        model = loaded.model
        off: AbstractContextManager[Any] = nullcontext()
        if not adapter and self.adapter:
            if loaded.plain:
                model = loaded.plain()
            else:
                off = model.disable_adapter()
        ids = torch.tensor([list(tokens)], device=loaded.device)
        if loaded.device == "cpu":
            torch.set_num_threads(thread_count(len(tokens)))
        with torch.inference_mode(), off:
            output = model(input_ids=ids, past_key_values=cache, use_cache=True, logits_to_keep=keep)
            scores: torch.Tensor = output.logits[0, -keep:].float().cpu()
        return scores


def _parameters(model: Any) -> int:
    """All weights; a 4-bit one is stored two to a byte."""
    return sum(
        2 * each.numel() if each.__class__.__name__ == "Params4bit" else each.numel()
        for each in model.parameters()
    )


def _free() -> None:
    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
