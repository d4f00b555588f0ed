"""Our attention beside transformers' own, and what a prompt's last position costs."""

import pytest
import torch
from transformers import AutoModelForCausalLM

from assistant.generation.attention import NAME, use_for
from assistant.generation.local import open_model
from assistant.generation.prefix import new_cache
from tests.generation import tiny


@pytest.mark.parametrize("kind", ["gemma", "qwen"])
@pytest.mark.parametrize("first", [10, 31, 32, 100])
def test_gives_what_sdpa_gives(kind: str, first: int) -> None:
    model = AutoModelForCausalLM.from_pretrained(tiny.folder(kind), dtype=torch.float32).eval()
    ids = torch.arange(300, 300 + first + 60)[None]

    def scores() -> list[torch.Tensor]:
        cache, found, done = new_cache(model.config), [], 0
        for count in (first, 1, 5, 16, 17, 1):
            with torch.inference_mode():
                part = ids[:, done : done + count]
                found.append(model(input_ids=part, past_key_values=cache, use_cache=True).logits)
            done += count
        return found

    theirs = scores()
    use_for(model)
    assert model.config._attn_implementation == NAME
    for one, other in zip(scores(), theirs, strict=True):
        torch.testing.assert_close(one, other, atol=1e-4, rtol=1e-4)


def test_a_model_that_attends_otherwise_is_left_alone() -> None:
    model = AutoModelForCausalLM.from_pretrained(tiny.folder("qwen"), attn_implementation="eager")
    use_for(model)
    assert model.config._attn_implementation == "eager"


@pytest.mark.parametrize("with_adapter", [False, True])
def test_the_head_is_not_copied_for_a_prompt(with_adapter: bool, tmp_path) -> None:  # type: ignore[no-untyped-def]
    if with_adapter:
        from peft import LoraConfig, get_peft_model

        base = AutoModelForCausalLM.from_pretrained(tiny.folder("qwen"))
        get_peft_model(base, LoraConfig(target_modules="all-linear")).save_pretrained(tmp_path)
    model = open_model(str(tiny.folder("qwen")), adapter=str(tmp_path) if with_adapter else None)
    rows = model._loaded.model.config.vocab_size
    with torch.profiler.profile(record_shapes=True) as profile:
        model.forward(range(300, 350), new_cache(model._loaded.model.config), 1, with_adapter)
    copied = [
        event.input_shapes
        for event in profile.events()
        if event.name == "aten::bmm" and any(rows in shape for shape in event.input_shapes)
    ]
    assert not copied
