"""The largest run that fits: it does, and one step more does not."""

from dataclasses import replace

import pytest

from assistant.errors import UserError
from assistant.memory import PlanRequest, find_model, largest, plan

RUN = PlanRequest("Qwen/Qwen2.5-7B", "qlora", gpu="RTX 3060", lora_r=16)


@pytest.mark.parametrize(("what", "key"), [("batch", "batch_size"), ("length", "seq")])
def test_the_largest_fits_and_a_larger_one_does_not(what: str, key: str) -> None:
    found = largest(RUN, what)  # type: ignore[arg-type]
    assert isinstance(found.value, int)
    assert plan(replace(RUN, **{key: found.value})).verdict == "fits"  # type: ignore[arg-type]
    assert plan(replace(RUN, **{key: int(found.value * 1.1) + 1})).verdict != "fits"  # type: ignore[arg-type]


def test_the_largest_model() -> None:
    found = largest(RUN, "model")
    assert isinstance(found.value, str)
    assert find_model(found.value).shape.params > find_model(RUN.model).shape.params


def test_nothing_fits() -> None:
    assert largest(replace(RUN, gpu=None, vram=0.6), "length").value is None


def test_without_a_gpu_there_is_no_largest() -> None:
    with pytest.raises(UserError, match="--gpu"):
        largest(replace(RUN, gpu=None), "batch")
