"""How fast the local model writes, beside transformers' own loops, in one run and in turn.

python -m tests.benchmarks.bench_lm [FOLDER [UNTRIMMED]]

FOLDER is the served model (default: the embedded one, prepared if need be), UNTRIMMED the same in NF4 with its
whole vocabulary (left out, it is made from the package once, about a minute). Beside the time that passes stands
the time that the processors spent: on a machine that does other things too, its ratios say more.
"""

import gc
import os
import statistics
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

from assistant.generation.worker import prepare_threads, thread_count

prepare_threads()

import torch  # noqa: E402
from transformers import AutoModelForCausalLM  # noqa: E402
from transformers.cache_utils import DynamicCache  # noqa: E402

from assistant.generation import local  # noqa: E402
from assistant.generation.chat_format import render  # noqa: E402
from assistant.generation.local import LocalModel, open_model  # noqa: E402
from assistant.generation.model import Finished, Job, Lexicon, Message, Sampling  # noqa: E402
from tests.benchmarks.lm_prompts import PROMPTS, Prompt, long_prompt  # noqa: E402

ROUNDS, TOKENS = 7, 40
CORES = torch.get_num_threads()


class Spent(NamedTuple):
    """Milliseconds that passed, and that processors spent."""

    passed: float
    worked: float


def main(arguments: list[str]) -> None:
    folder = arguments[0] if arguments else str(_embedded())
    served = open_model(folder)
    print(f"{weights(served._loaded.model) / 1e6:.0f} MB of weights, {resident():.0f} MB resident", end=", ")
    print(f"{thread_count(1)} of {CORES} threads write, load {os.getloadavg()[0]:.1f}")
    plain = AutoModelForCausalLM.from_pretrained(folder).eval()
    untrimmed = AutoModelForCausalLM.from_pretrained(arguments[1] if arguments[1:] else _untrimmed()).eval()
    decoding(served, plain, untrimmed)
    del untrimmed
    gc.collect()
    long_context(served, plain)
    reading(served, plain)
    del plain
    gc.collect()
    turns(served)
    drafts(served)
    threads(served)


def decoding(served: LocalModel, plain: Any, untrimmed: Any) -> None:
    """A token of `generate`, of a bare loop, and ours with lexicon and streaming, without drafts."""
    prompt = PROMPTS[0]
    ids = ids_of(served, prompt)
    found = in_turn(
        {
            "generate, untrimmed": lambda: served._worker.call(lambda: generate(untrimmed, ids)),
            "generate, trimmed": lambda: served._worker.call(lambda: generate(plain, ids)),
            "bare loop, trimmed": lambda: served._worker.call(lambda: bare(plain, ids)),
            "bare loop, our attention": lambda: served._worker.call(lambda: bare(served._loaded.model, ids)),
            "ours": lambda: ours(served, prompt),
            "ours, words free": lambda: ours(served, prompt, free=True),
        }
    )
    table("A token", found)
    ratio("generate untrimmed / ours", found, "generate, untrimmed", "ours", "at least 1.5")
    ratio("bare loop / ours", found, "bare loop, trimmed", "ours", "at least 0.95")
    ratio("the same with our attention", found, "bare loop, our attention", "ours", "at least 0.95")
    ratio("with lexicon / without", found, "ours", "ours, words free", "under 1.05")


def long_context(served: LocalModel, plain: Any) -> None:
    """A token after 700 tokens."""
    prompt = long_prompt(served.count, 700)
    ids = ids_of(served, prompt)
    found = in_turn(
        {
            "bare loop": lambda: served._worker.call(lambda: bare(plain, ids)),
            "ours": lambda: ours(served, prompt),
        }
    )
    table(f"A token after {len(ids)}", found)
    ratio("bare loop / ours", found, "bare loop", "ours")


def reading(served: LocalModel, plain: Any) -> None:
    """The first token of a prompt of 700 tokens."""
    prompt = long_prompt(served.count, 700)
    ids = ids_of(served, prompt)
    found = in_turn(
        {
            "bare prefill": lambda: served._worker.call(lambda: prefill(plain, ids)),
            "ours": lambda: first_token(served, prompt.messages, prompt.lexicon),
        }
    )
    table(f"To the first token of {len(ids)}", found)
    ratio("ours / bare prefill", found, "ours", "bare prefill", "at most 1.15")


def turns(served: LocalModel) -> None:
    """The first token of a second turn."""
    first, second = long_prompt(served.count, 500), long_prompt(served.count, 500, other=True)
    reply = Message("assistant", "Set the batch size to 1 and accumulate gradients over 16 steps [1].")
    short = Message("user", "And what does that cost?")

    def turn(last: Message, kept: bool) -> Spent:
        served._prefixes.clear()
        if kept:
            first_token(served, first.messages, first.lexicon)
        return first_token(served, (*first.messages, reply, last), first.lexicon, clear=not kept)

    found = in_turn(
        {
            "turn 1": lambda: first_token(served, first.messages, first.lexicon),
            "turn 2, a question": lambda: turn(short, False),
            "turn 2, a question, kept": lambda: turn(short, True),
            "turn 2, as long": lambda: turn(second.messages[-1], False),
            "turn 2, as long, kept": lambda: turn(second.messages[-1], True),
        }
    )
    table("To the first token", found)
    ratio("question, kept / not", found, "turn 2, a question, kept", "turn 2, a question", "at most 0.45")
    ratio("question, kept / turn 1", found, "turn 2, a question, kept", "turn 1", "at most 0.45")
    ratio("as long, kept / not", found, "turn 2, as long, kept", "turn 2, as long")


def drafts(served: LocalModel) -> None:
    """What drafts from the prompt gain, reply by reply."""
    longest = served._draft
    found: dict[int, list[Spent]] = {}
    for prompt in PROMPTS:
        for length in sorted({0, 3, longest}):
            served._draft = length
            times = [ours(served, prompt, drafts=length > 0) for _ in range(3)]
            found.setdefault(length, []).append(Spent(*map(min, zip(*times, strict=True))))
    served._draft = longest
    print("\nGain of drafts, by prompt (least, median, most; by processors' time)")
    for length, times in found.items():
        gains = sorted(before.worked / after.worked for before, after in zip(found[0], times, strict=True))
        print(f"  of {length} tokens   {gains[0]:.2f} {statistics.median(gains):.2f} {gains[-1]:.2f}")


def threads(served: LocalModel) -> None:
    """One thread or all of them, for what is written and for a prompt."""
    prompt = long_prompt(served.count, 700)

    def with_threads(count: int, measure: Callable[[], Spent]) -> Spent:
        usual, local.thread_count = local.thread_count, lambda tokens: count
        try:
            return measure()
        finally:
            local.thread_count = usual

    measures: dict[str, Callable[[], Spent]] = {
        "A token": lambda: ours(served, PROMPTS[0]),
        "To the first token of 700": lambda: first_token(served, prompt.messages, prompt.lexicon),
    }
    for title, measure in measures.items():
        found = in_turn(
            {
                f"{count} threads": lambda count=count, measure=measure: with_threads(count, measure)
                for count in sorted({1, CORES})
            }
        )
        table(title, found)


def spent(action: Callable[[], object]) -> Spent:
    start, before = time.perf_counter(), time.process_time()
    action()
    return Spent(1_000 * (time.perf_counter() - start), 1_000 * (time.process_time() - before))


def each(longer: Spent, shorter: Spent) -> Spent:
    """A token, from a long and a short run."""
    return Spent(*((more - less) / TOKENS for more, less in zip(longer, shorter, strict=True)))


def generate(model: Any, ids: list[int]) -> Spent:
    """A token of `generate`, without the first one, with torch's own number of threads."""
    torch.set_num_threads(CORES)
    given = torch.tensor([ids])

    def run(count: int) -> Spent:
        options = {"max_new_tokens": count, "min_new_tokens": count, "do_sample": False, "pad_token_id": 0}
        return spent(lambda: model.generate(given, **options, top_k=None, top_p=None))

    return each(run(TOKENS + 1), run(1))


@torch.inference_mode()
def bare(model: Any, ids: list[int]) -> Spent:
    """A token of the shortest loop there is, with as many threads as ours."""
    torch.set_num_threads(CORES)
    cache = DynamicCache(config=model.config)
    scores = model(input_ids=torch.tensor([ids]), past_key_values=cache, logits_to_keep=1).logits

    def loop() -> None:
        token = scores[:, -1].argmax(-1)
        torch.set_num_threads(thread_count(1))
        for _ in range(TOKENS):
            token = model(input_ids=token[None], past_key_values=cache).logits[:, -1].argmax(-1)
            int(token)

    return each(spent(loop), Spent(0.0, 0.0))


@torch.inference_mode()
def prefill(model: Any, ids: list[int]) -> Spent:
    """One pass over a prompt."""
    torch.set_num_threads(CORES)
    given, cache = torch.tensor([ids]), DynamicCache(config=model.config)
    return spent(lambda: int(model(input_ids=given, past_key_values=cache, logits_to_keep=1).logits.argmax()))


def ours(served: LocalModel, prompt: Prompt, *, drafts: bool = False, free: bool = False) -> Spent:
    """A token of a reply, after the first one."""
    longest, served._draft = served._draft, served._draft if drafts else 0
    lexicon = None if free else prompt.lexicon

    def run(count: int) -> Spent:
        return spent(lambda: write(served, Job(prompt.messages, Sampling(max_new_tokens=count), lexicon)))

    try:
        run(1)  # the prompt is read
        return each(run(TOKENS + 1), run(1))
    finally:
        served._draft = longest


def first_token(
    served: LocalModel, messages: tuple[Message, ...], lexicon: Lexicon, *, clear: bool = True
) -> Spent:
    if clear:
        served._prefixes.clear()
    return spent(lambda: write(served, Job(messages, Sampling(max_new_tokens=1), lexicon)))


def write(served: LocalModel, job: Job) -> Finished:
    *_, finished = served.stream(job, threading.Event())
    assert isinstance(finished, Finished)
    assert not finished.error, finished.error
    assert finished.new_tokens == job.sampling.max_new_tokens, (
        "the reply ended by itself: times would mislead"
    )
    return finished


def ids_of(served: LocalModel, prompt: Prompt) -> list[int]:
    return list(render(prompt.messages, served._loaded.tokenizer).ids)


def in_turn(measures: dict[str, Callable[[], Spent]]) -> dict[str, Spent]:
    """The medians of several measures, taken round by round."""
    found: dict[str, list[Spent]] = {name: [] for name in measures}
    for number in range(ROUNDS + 1):
        for name, measure in measures.items():
            value = measure()
            if number:  # the first round warms up
                found[name].append(value)
    return {name: Spent(*map(statistics.median, zip(*values, strict=True))) for name, values in found.items()}


def table(title: str, found: dict[str, Spent]) -> None:
    print(f"\n{title}, milliseconds, medians of {ROUNDS} rounds, load {os.getloadavg()[0]:.1f}")
    print(f"  {'':28} {'passed':>9} {'worked':>9}")
    for name, value in found.items():
        print(f"  {name:28} {value.passed:9.1f} {value.worked:9.1f}")


def ratio(title: str, found: dict[str, Spent], over: str, under: str, goal: str = "") -> None:
    passed, worked = (above / below for above, below in zip(found[over], found[under], strict=True))
    print(f"  {title:28} {passed:9.3f} {worked:9.3f}  {goal}", flush=True)


def weights(model: Any) -> int:
    """Bytes of a model's tensors, each storage once, with the constants of its 4-bit weights."""
    found = {}
    for tensor in [*model.parameters(), *model.buffers()]:
        found[tensor.data_ptr()] = tensor.nbytes
        state = getattr(tensor, "quant_state", None)
        if state is not None:
            found[state.absmax.data_ptr()] = state.absmax.nbytes
    return sum(found.values())


def resident() -> float:
    """Megabytes of this process."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def _embedded() -> Path:
    from assistant.generation.stored import ensure
    from assistant.settings import cache_folder

    return ensure(cache_folder())


def _untrimmed() -> Path:
    """The packaged model with its whole vocabulary, made once."""
    from assistant.generation import convert, embedded
    from assistant.generation.vocabulary import Kept
    from assistant.settings import cache_folder

    source = embedded.source()
    whole = replace(source, kept=Kept(tuple(range(source.kept.size)), source.kept.size))
    return convert.make(cache_folder() / "bench", "nf4", whole, lambda stage, done, total: None)


if __name__ == "__main__":
    main(sys.argv[1:])
