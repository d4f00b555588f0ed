"""The loss of the labelled positions alone is the loss, and so are its gradients."""

from pathlib import Path
from typing import Any

import pytest
import torch

from finetune import head
from finetune.encoding import Padding, encode_all
from finetune.sample import Sample


def _batch(base: Path, samples: list[Sample]) -> tuple[Any, dict[str, Any]]:
    from transformers import AutoModelForCausalLM, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(base)
    rows, _ = encode_all(samples[:3], tokenizer, 512)
    batch = Padding(0)([{"input_ids": row.input_ids, "labels": row.labels} for row in rows])
    return AutoModelForCausalLM.from_pretrained(base), batch


@pytest.mark.parametrize("method", ["lora", "prompt"])
def test_same_loss_and_gradients_as_scoring_everything(
    base: Path, samples: list[Sample], method: str
) -> None:
    from peft import LoraConfig, PromptTuningConfig, get_peft_model

    model, batch = _batch(base, samples)
    torch.manual_seed(0)
    config: Any = (
        LoraConfig(r=4, target_modules="all-linear", task_type="CAUSAL_LM", init_lora_weights=False)
        if method == "lora"
        else PromptTuningConfig(num_virtual_tokens=5, task_type="CAUSAL_LM", tokenizer_name_or_path=str(base))
    )
    tuned = get_peft_model(model, config)
    whole = tuned(**batch, use_cache=False).loss
    whole.backward()
    wanted = {name: each.grad.clone() for name, each in tuned.named_parameters() if each.grad is not None}
    tuned.zero_grad()
    ours, scores, labels = head.loss(tuned, batch)
    ours.backward()
    assert torch.allclose(ours, whole, atol=1e-4)
    assert scores.shape[0] == labels.numel() == int((batch["labels"][:, 1:] >= 0).sum())
    for name, each in tuned.named_parameters():
        if name in wanted:
            assert torch.allclose(each.grad, wanted[name], atol=1e-4), name


def test_a_step_of_several_batches_is_shared_by_all_its_tokens(base: Path, samples: list[Sample]) -> None:
    model, batch = _batch(base, samples)
    alone, _, labels = head.loss(model, batch)
    shared, _, _ = head.loss(model, batch, torch.tensor(2 * labels.numel()))
    assert torch.allclose(shared * 2, alone, atol=1e-5)
