"""The rules of torch's caching allocator."""

import pytest

from assistant.memory.allocator import Allocator, OutOfMemory

MIB = 1 << 20


def test_sizes_are_rounded_and_segments_have_their_sizes() -> None:
    allocator = Allocator()
    allocator.take("weights", 1)
    assert (allocator.allocated, allocator.reserved) == (512, 2 * MIB)
    allocator.take("weights", 3 * MIB)
    assert allocator.reserved == 22 * MIB
    allocator.take("weights", 19 * MIB)
    assert allocator.reserved == 42 * MIB


def test_a_free_block_is_split_and_joined_again() -> None:
    allocator = Allocator()
    allocator.give(allocator.take("activations", 100 * MIB))
    first, second = allocator.take("activations", 40 * MIB), allocator.take("activations", 60 * MIB)
    assert allocator.reserved == 100 * MIB
    allocator.give(first)
    allocator.give(second)
    allocator.take("activations", 100 * MIB)
    assert allocator.reserved == 100 * MIB


def test_the_smallest_block_that_is_large_enough_is_taken() -> None:
    allocator = Allocator()
    large, small = allocator.take("logits", 200 * MIB), allocator.take("logits", 50 * MIB)
    allocator.give(large)
    allocator.give(small)
    allocator.take("logits", 45 * MIB)
    allocator.take("logits", 200 * MIB)
    assert allocator.reserved == 250 * MIB


def test_segments_never_join() -> None:
    allocator = Allocator()
    blocks = [allocator.take("logits", 100 * MIB) for _ in range(2)]
    for block in blocks:
        allocator.give(block)
    allocator.take("logits", 200 * MIB)
    assert allocator.reserved == 400 * MIB


def test_cached_segments_are_given_back_before_it_fails() -> None:
    allocator = Allocator(limit=300 * MIB)
    allocator.give(allocator.take("logits", 200 * MIB))
    allocator.take("logits", 250 * MIB)
    assert allocator.reserved == 250 * MIB
    with pytest.raises(OutOfMemory):
        allocator.take("logits", 100 * MIB)


def test_the_peak_remembers_what_it_was_made_of() -> None:
    allocator = Allocator()
    allocator.take("weights", 10 * MIB)
    allocator.give(allocator.take("logits", 30 * MIB))
    allocator.take("activations", 5 * MIB)
    assert allocator.peak == 40 * MIB
    assert dict(allocator.parts) == {"weights": 10 * MIB, "logits": 30 * MIB}
