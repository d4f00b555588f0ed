"""Takes secrets out of a sample, wherever they stand in it."""

from collections.abc import Callable
from dataclasses import replace

from finetune.sample import Sample


def hidden(sample: Sample, without: Callable[[str], str]) -> Sample:
    """The sample with `without` applied to each of its texts."""
    return replace(
        sample,
        messages=tuple(replace(each, content=without(each.content)) for each in sample.messages),
        evidence={n: without(text) for n, text in sample.evidence.items()},
        turns=tuple(map(without, sample.turns)),
    )
