"""The order in which tokens are tried, beside transformers' own processors."""

import pytest
import torch
from transformers import TemperatureLogitsWarper, TopKLogitsWarper, TopPLogitsWarper

from assistant.generation.model import Sampling
from assistant.generation.sampling import Sampler, nucleus, penalties


def scores(size: int = 3_000, seed: int = 1, width: float = 3.0) -> torch.Tensor:
    return torch.randn(size, generator=torch.Generator().manual_seed(seed)) * width


@pytest.mark.parametrize("temperature", [0.3, 0.7, 1.0, 2.0])
@pytest.mark.parametrize(
    ("top_p", "top_k"), [(0.9, 0), (1.0, 50), (0.8, 40), (0.999, 0), (0.05, 0), (1.0, 0)]
)
@pytest.mark.parametrize("width", [0.1, 3.0])
def test_leaves_the_tokens_that_transformers_leaves(
    temperature: float, top_p: float, top_k: int, width: float
) -> None:
    row = scores(width=width)
    sampling = Sampling(do_sample=True, temperature=temperature, top_p=top_p, top_k=top_k)
    values, tokens = nucleus(row, sampling)
    theirs = TemperatureLogitsWarper(temperature)(None, row[None])
    if top_k:
        theirs = TopKLogitsWarper(top_k)(None, theirs)
    if top_p < 1:
        theirs = TopPLogitsWarper(top_p)(None, theirs)
    kept = set(torch.isfinite(theirs[0]).nonzero().flatten().tolist())
    # at the edge of the nucleus, sums in another order may differ by a token
    assert len(kept ^ set(tokens.tolist())) <= (1 if top_p < 1 else 0)
    assert torch.allclose(values, (row / temperature)[tokens])


def test_draws_with_the_right_frequencies() -> None:
    row = torch.tensor([0.0, 1.0, 2.0, -1.0])
    sampler = Sampler(Sampling(do_sample=True, temperature=0.5, seed=5))
    drawn = torch.bincount(torch.tensor([int(sampler.order(row, ())[0].argmax()) for _ in range(4_000)]))
    expected = (row / 0.5).softmax(0)
    assert torch.allclose(drawn / 4_000, expected, atol=0.03)


def test_the_same_seed_draws_the_same() -> None:
    row = scores()
    sampling = Sampling(do_sample=True, top_p=0.9, seed=11)
    first, second = Sampler(sampling), Sampler(sampling)
    drawn = [int(first.order(row, ())[0].argmax()) for _ in range(30)]
    assert drawn == [int(second.order(row, ())[0].argmax()) for _ in range(30)]
    other = Sampler(Sampling(do_sample=True, top_p=0.9, seed=12))
    assert drawn != [int(other.order(row, ())[0].argmax()) for _ in range(30)]


def test_without_chance_the_scores_stay_as_they_are() -> None:
    row = scores()
    ordered, plain = Sampler(Sampling()).order(row, (1, 2, 3))
    assert ordered is row
    assert plain is row


def test_penalties_look_at_generated_tokens_only() -> None:
    row = torch.full((10,), 2.0)
    ordered, _ = Sampler(Sampling(repetition_penalty=2.0)).order(row, (3,))
    assert ordered.tolist() == [2.0] * 3 + [1.0] + [2.0] * 6
    # the same processors for `generate`, which gives them the prompt too
    theirs = penalties(Sampling(repetition_penalty=2.0), prompt_length=2)(
        torch.tensor([[7, 8, 3]]), row[None]
    )
    assert theirs[0].tolist() == ordered.tolist()


def test_no_ngram_of_the_reply_comes_twice() -> None:
    row = torch.zeros(10)
    generated = (1, 2, 3, 1, 2)
    ordered, _ = Sampler(Sampling(no_repeat_ngram=3)).order(row, generated)
    assert ordered.isinf().nonzero().flatten().tolist() == [3]
    prompt_counts = penalties(Sampling(no_repeat_ngram=3), prompt_length=3)
    assert not prompt_counts(torch.tensor([[1, 2, 3, 1, 2]]), row[None]).isinf().any()


def test_a_seed_of_its_own_without_one() -> None:
    row = scores(width=0.1)
    draws = {int(Sampler(Sampling(do_sample=True)).order(row, ())[0].argmax()) for _ in range(8)}
    assert len(draws) > 1
