"""Parts of a file that rules look at by themselves: DeepSpeed's sections, FSDP's settings."""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from assistant.config.rules.rule import family
from assistant.config.settings import Settings


def with_parts(settings: Iterable[Settings]) -> list[Settings]:
    """The settings, each followed by its parts."""
    return [part for one in settings for part in (one, *_parts(one))]


def _parts(one: Settings) -> Iterator[Settings]:
    if one.kind == "deepspeed":
        yield from _zero(one)
    elif one.kind == "fsdp":
        return
    elif family(one) == "training":
        config, fsdp = one.inner("deepspeed"), one.inner("fsdp_config")
        if config is not None:
            yield replace(config, kind="deepspeed")
            yield from _zero(config)
        if fsdp is not None:
            yield unprefixed(fsdp)
    elif one.kind == "accelerate":
        fsdp = one.inner("fsdp_config")
        if fsdp is not None:
            yield unprefixed(fsdp)


def _zero(one: Settings) -> Iterator[Settings]:
    zero = one.inner("zero_optimization")
    if zero is not None:
        yield replace(zero, kind="deepspeed.zero")


def unprefixed(one: Settings) -> Settings:
    """FSDP's settings, whose names may begin with `fsdp_`, by the names without it."""
    items = {
        name.removeprefix("fsdp_"): replace(item, key=name.removeprefix("fsdp_"))
        for name, item in one.items.items()
    }
    return replace(one, kind="fsdp", items=items)
