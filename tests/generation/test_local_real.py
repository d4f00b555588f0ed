"""The embedded model itself: kept prompts past its window of 512 tokens, drafts, and what it may name."""

import threading
from pathlib import Path

import pytest
import torch

from assistant.generation.constraint import Grammar
from assistant.generation.local import LocalModel, open_model
from assistant.generation.model import Finished, Job, Lexicon, Message, Sampling
from assistant.generation.stored import ensure, full_precision
from tests.benchmarks.lm_prompts import PROMPTS, long_prompt

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def served(lm_cache: Path) -> LocalModel:
    return open_model(str(ensure(lm_cache)))


@pytest.fixture(scope="module")
def exact(lm_cache: Path) -> LocalModel:
    return open_model(str(full_precision(lm_cache)), precision="fp32")


def write(model: LocalModel, job: Job) -> tuple[str, Finished]:
    *parts, finished = model.stream(job, threading.Event())
    assert isinstance(finished, Finished)
    assert finished.error is None
    return "".join(map(str, parts)), finished


def test_the_same_text_with_a_kept_prompt_in_twenty_dialogues(exact: LocalModel) -> None:
    fresh = LocalModel(exact._loaded)
    past_the_window = 0
    for number in range(20):
        prompt = long_prompt(exact.count, 150 + 45 * number, other=bool(number % 2))
        asked = PROMPTS[number % len(PROMPTS)].lexicon.texts[-1]
        first, _ = write(exact, Job(prompt.messages, Sampling(max_new_tokens=12), prompt.lexicon))
        turns = (*prompt.messages, Message("assistant", first), Message("user", asked))
        lexicon = Lexicon((*prompt.lexicon.texts, asked), prompt.lexicon.citations)
        job = Job(turns, Sampling(max_new_tokens=16), lexicon)
        kept, finished = write(exact, job)
        fresh._prefixes.clear()
        alone, without = write(fresh, job)
        assert kept == alone, number
        assert finished.reused_tokens > 0.7 * finished.prompt_tokens
        assert not without.reused_tokens
        past_the_window += finished.prompt_tokens > 560
    assert past_the_window >= 8


def test_scores_with_a_kept_prompt_are_equal_within_what_bf16_tells_apart(served: LocalModel) -> None:
    from assistant.generation.prefix import new_cache, shorten

    config = served._loaded.model.config
    ids = [token % 60_000 + 1_000 for token in range(7, 7_000, 10)]
    whole = served.forward(ids, new_cache(config), 1, False)[0]
    cache = new_cache(config)
    served.forward(ids[:600] + ids[:80], cache, 1, False)
    shorten(cache, 80)
    kept = served.forward(ids[600:], cache, 1, False)[0]
    # bf16 has 8 bits: scores of about 20 are told apart by 0.1
    assert float((whole - kept).abs().max()) < 0.02 * float(whole.abs().max()) + 0.25
    assert torch.cosine_similarity(whole, kept, dim=0) > 0.999


def test_drafts_give_the_same_text_in_full_precision(exact: LocalModel) -> None:
    for prompt in PROMPTS:
        job = Job(prompt.messages, Sampling(max_new_tokens=40), prompt.lexicon)
        drafted, _ = write(exact, job)
        longest, exact._draft = exact._draft, 0
        try:
            assert write(exact, job)[0] == drafted
        finally:
            exact._draft = longest


def test_replies_keep_to_their_lexicon(served: LocalModel) -> None:
    for number, prompt in enumerate(PROMPTS):
        grammar = Grammar(prompt.lexicon)
        sampling = Sampling(max_new_tokens=60, do_sample=True, temperature=1.2, top_p=0.95, seed=number)
        for chosen in (sampling, Sampling(max_new_tokens=60)):
            text, _ = write(served, Job(prompt.messages, chosen, prompt.lexicon))
            assert grammar.after(grammar.enter(""), text.encode()) is not None, text


def test_memory_of_the_weights_is_bounded(served: LocalModel) -> None:
    from tests.benchmarks.bench_lm import weights

    assert weights(served._loaded.model) < 160e6
