"""Replies of tiny models through the whole of it, and what can happen to them."""

import threading
import time
from collections.abc import Iterator
from functools import cache

import pytest
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from assistant.generation.chat_format import render
from assistant.generation.local import LocalModel, open_model
from assistant.generation.model import Finished, Job, Lexicon, Message, Sampling
from assistant.generation.pieces import pieces_of
from tests.generation import tiny

KINDS = ["gemma", "qwen"]
EVIDENCE = "Set `per_device_train_batch_size=1` and load_in_4bit=True; 24 GB is enough. 显存不足。"
MESSAGES = (Message("system", "Answer."), Message("user", f"[1] {EVIDENCE}\nWhat do I do?"))


@cache
def opened(kind: str) -> LocalModel:
    return open_model(str(tiny.folder(kind)), precision="fp32")


def write(model: LocalModel, job: Job) -> tuple[str, Finished]:
    *parts, finished = model.stream(job, threading.Event())
    assert isinstance(finished, Finished)
    return "".join(map(str, parts)), finished


def expected(kind: str, job: Job) -> str:
    """What `generate` of transformers writes."""
    tokenizer = AutoTokenizer.from_pretrained(tiny.folder(kind))
    model = AutoModelForCausalLM.from_pretrained(tiny.folder(kind), dtype=torch.float32)
    ids = torch.tensor([render(job.messages, tokenizer).ids])
    written = model.generate(
        ids,
        do_sample=False,
        max_new_tokens=job.sampling.max_new_tokens,
        eos_token_id=sorted(opened(kind).stops),
        pad_token_id=tokenizer.pad_token_id,
    )
    return pieces_of(tokenizer, model.config.vocab_size).text(written[0, ids.shape[1] :].tolist())


@pytest.mark.parametrize("kind", KINDS)
def test_writes_what_generate_writes(kind: str) -> None:
    for question in ("how?", "why is it so slow", "显存不足怎么办"):
        job = Job((Message("user", question * 20),), Sampling(max_new_tokens=50))
        text, finished = write(opened(kind), job)
        assert text.rstrip("\ufffd") == expected(kind, job).lstrip(" \n").rstrip("\ufffd")
        assert finished.stopped in ("length", "end")
        assert finished.new_tokens <= 50
        assert finished.prompt_tokens > 20
        assert finished.first_token_ms > 0


@pytest.mark.parametrize("kind", KINDS)
def test_drafts_do_not_change_what_is_written(kind: str) -> None:
    model = opened(kind)
    drafted = 0
    for number in range(10):
        text = f"{number} the cause is the batch size and the fix is the batch size " * 3
        for lexicon in (None, Lexicon((EVIDENCE, text), (1,))):
            job = Job((Message("user", text),), Sampling(max_new_tokens=60), lexicon)
            with_drafts = write(model, job)[0]
            calls = _calls(model)
            model._draft, before = 0, model._draft
            try:
                assert write(model, job)[0] == with_drafts
            finally:
                model._draft = before
            drafted += calls() > 0
    assert drafted


def _calls(model: LocalModel):  # type: ignore[no-untyped-def]
    count = [0]

    def counted(*_: object) -> None:
        count[0] += 1

    handle = model._loaded.model.register_forward_hook(counted)

    def ended() -> int:
        handle.remove()
        return count[0]

    return ended


@pytest.mark.parametrize("kind", KINDS)
def test_a_kept_prompt_does_not_change_what_is_written(kind: str) -> None:
    """Dialogues of four turns, some of them past the sliding window of 32 many times over."""
    kept = opened(kind)
    fresh = LocalModel(kept._loaded)
    for number in range(20):
        said: list[Message] = [Message("system", f"Rules {number}. " * (number % 4))]
        for turn in range(4):
            said.append(Message("user", f"question {number} {turn} about memory " * (1 + number % 5)))
            job = Job(tuple(said), Sampling(max_new_tokens=12), Lexicon((EVIDENCE,)) if number % 2 else None)
            text, finished = write(kept, job)
            fresh._prefixes.clear()
            alone, without = write(fresh, job)
            assert text == alone, (number, turn)
            assert not without.reused_tokens
            if turn:
                assert finished.reused_tokens > finished.prompt_tokens // 3
            said.append(Message("assistant", text))


def test_the_lexicon_holds() -> None:
    from tests.generation.test_guard import inventions

    for seed in range(4):
        sampling = Sampling(max_new_tokens=80, do_sample=True, temperature=1.5, seed=seed)
        free, _ = write(opened("qwen"), Job(MESSAGES, sampling))
        held, _ = write(opened("qwen"), Job(MESSAGES, sampling, Lexicon((EVIDENCE,), (1,))))
        assert free != held
        assert not [each for each in inventions(held) if each not in EVIDENCE]


def test_the_same_seed_writes_the_same() -> None:
    sampling = Sampling(max_new_tokens=30, do_sample=True, top_p=0.9, seed=4)
    texts = {write(opened("qwen"), Job(MESSAGES, sampling))[0] for _ in range(3)}
    assert len(texts) == 1
    assert (
        write(opened("qwen"), Job(MESSAGES, Sampling(max_new_tokens=30, do_sample=True, seed=5)))[0]
        not in texts
    )


@pytest.mark.parametrize("kind", KINDS)
def test_a_stop_string_ends_it(kind: str) -> None:
    job = Job(MESSAGES, Sampling(max_new_tokens=40))
    text, _ = write(opened(kind), job)
    stop = text[len(text) // 2 : len(text) // 2 + 3]
    stopped, finished = write(opened(kind), Job(MESSAGES, job.sampling, stop=(stop,)))
    assert stopped == text[: text.find(stop)]
    assert finished.stopped == "end"


def test_goes_on_where_a_reply_was_cut() -> None:
    """Where the tokens of the begun text are those that were written, the whole is the same."""
    model = opened("qwen")
    whole, _ = write(model, Job(MESSAGES, Sampling(max_new_tokens=40), Lexicon((EVIDENCE,))))
    begun, finished = write(model, Job(MESSAGES, Sampling(max_new_tokens=20), Lexicon((EVIDENCE,))))
    assert finished.stopped == "length"
    assert whole.startswith(begun)
    rest, finished = write(
        model, Job(MESSAGES, Sampling(max_new_tokens=20), Lexicon((EVIDENCE,)), begun=begun)
    )
    assert rest
    assert finished.reused_tokens >= finished.prompt_tokens - 25
    assert not rest.startswith(begun[:10])


def test_cancelled_before_and_while_it_writes() -> None:
    model = opened("gemma")
    cancelled = threading.Event()
    cancelled.set()
    assert [each.stopped for each in model.stream(Job(MESSAGES), cancelled)] == ["user"]  # type: ignore[union-attr]
    cancelled.clear()
    count = 0
    for each in model.stream(Job(MESSAGES, Sampling(max_new_tokens=2_000)), cancelled):
        if isinstance(each, str):
            count += 1
            cancelled.set()
        else:
            assert each.stopped == "user"
            assert each.new_tokens < 1_000
    assert count


def test_a_reader_who_leaves_ends_it() -> None:
    model = opened("gemma")
    stream = model.stream(Job(MESSAGES, Sampling(max_new_tokens=3_000)), threading.Event())
    next(stream)
    assert isinstance(stream, Iterator)
    stream.close()  # type: ignore[attr-defined]
    start = time.monotonic()
    _, finished = write(model, Job(MESSAGES, Sampling(max_new_tokens=2)))
    assert finished.stopped == "length"
    assert time.monotonic() - start < 5


def test_two_at_once_are_written_one_after_the_other() -> None:
    model = opened("qwen")
    jobs = [Job((Message("user", f"question {number}"),), Sampling(max_new_tokens=30)) for number in range(4)]
    alone = [write(model, job)[0] for job in jobs]
    together: dict[int, str] = {}
    threads = [
        threading.Thread(target=lambda n=number: together.update({n: write(model, jobs[n])[0]}))
        for number in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [together[number] for number in range(4)] == alone


def test_a_conversation_that_is_too_long_is_said_to_be() -> None:
    text, finished = write(opened("gemma"), Job((Message("user", "word " * 6_000),)))
    assert (text, finished.stopped) == ("", "error")
    assert "4096" in (finished.error or "")


class Faulty:
    """Replaces a model's forward pass: the n-th call does something else."""

    def __init__(self, model: LocalModel, failing: set[int], what: str) -> None:
        self.inner, self.failing, self.what, self.calls = model.forward, failing, what, 0

    def __call__(self, tokens, cache, keep, adapter):  # type: ignore[no-untyped-def]
        self.calls += 1
        scores = self.inner(tokens, cache, keep, adapter)
        if self.calls not in self.failing:
            return scores
        if self.what == "nan":
            return scores * float("nan")
        if self.what == "memory":
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.")
        if self.what == "cpu memory":
            raise RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes.")
        raise IndexError("index out of range in self")


@pytest.fixture
def broken(monkeypatch: pytest.MonkeyPatch):  # type: ignore[no-untyped-def]
    def make(what: str, *failing: int) -> LocalModel:
        model = LocalModel(opened("gemma")._loaded)
        monkeypatch.setattr(model, "forward", Faulty(model, set(failing), what))
        return model

    return make


@pytest.mark.parametrize("what", ["memory", "cpu memory"])
@pytest.mark.parametrize("call", [1, 2, 7])
def test_after_memory_ran_out_once_the_reply_goes_on(broken, what: str, call: int) -> None:  # type: ignore[no-untyped-def]
    job = Job(MESSAGES, Sampling(max_new_tokens=30))
    text, finished = write(broken(what, call), job)
    assert text == write(opened("gemma"), job)[0]
    assert finished.stopped in ("length", "end")


def test_memory_that_runs_out_again_is_an_error(broken) -> None:  # type: ignore[no-untyped-def]
    model = broken("memory", 5, 7)
    text, finished = write(model, Job(MESSAGES, Sampling(max_new_tokens=30)))
    assert finished.stopped == "error"
    assert "memory" in (finished.error or "")
    assert text
    assert write(model, Job(MESSAGES, Sampling(max_new_tokens=30)))[1].error is None


@pytest.mark.parametrize(("what", "said"), [("nan", "no numbers"), ("index", "failed")])
def test_what_happens_to_a_model_is_said_and_the_next_reply_is_right(broken, what: str, said: str) -> None:  # type: ignore[no-untyped-def]
    model = broken(what, 4)
    job = Job(MESSAGES, Sampling(max_new_tokens=30))
    _, finished = write(model, job)
    assert finished.stopped == "error"
    assert said in (finished.error or "")
    assert write(model, job)[0] == write(opened("gemma"), job)[0]


def test_nothing_is_written_after_it_was_closed() -> None:
    model = LocalModel(opened("qwen")._loaded)
    model.close()
    _, finished = write(model, Job(MESSAGES))
    assert finished.stopped == "error"


def test_counts_tokens() -> None:
    tokenizer = AutoTokenizer.from_pretrained(tiny.folder("qwen"))
    assert opened("qwen").count("a few words") == len(tokenizer("a few words")["input_ids"])
