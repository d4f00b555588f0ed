"""Making, combining and training adapters."""

from typing import Any

from tests.proofs import tiny
from tests.proofs.fix import apply_fix
from tests.proofs.proof import proof


@proof("peft-target-modules", "names-differ", says="not found in the base model")
def names_of_another_model(fixed: bool) -> None:
    from peft import get_peft_model

    model = tiny.gpt2()
    if fixed:
        get_peft_model(model, apply_fix("peft-target-modules", "names-differ", model=model)["config"])
    else:
        tiny.lora(model, target_modules=["q_proj", "v_proj"])


@proof("peft-target-modules", "no-default", says="Please specify `target_modules`")
def model_without_default_targets(fixed: bool) -> None:
    import torch

    class Own(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.config = {"model_type": "own"}
            self.query = torch.nn.Linear(8, 8)

    tiny.lora(Own(), target_modules=["query"] if fixed else None, task_type=None)


@proof("peft-target-modules", "unsupported-layer", says="is not supported. Currently, only")
def norm_as_target(fixed: bool) -> None:
    tiny.lora(target_modules=["q_proj"] if fixed else ["input_layernorm"])


@proof("peft-merge", "not-a-peft-model", says="has no attribute 'merge_and_unload'")
def merging_a_plain_model(fixed: bool) -> None:
    model = tiny.lora() if fixed else tiny.llama()
    model.merge_and_unload()


@proof("lora-parameters", "rank", says="`r` should be a positive integer value")
def rank_zero(fixed: bool) -> None:
    tiny.lora(r=8 if fixed else 0)


@proof("lora-parameters", "dropout-bias", says="is not implemented")
def unknown_bias(fixed: bool) -> None:
    tiny.lora(bias="none" if fixed else "yes")


@proof("lora-parameters", "task-type", says="Invalid task type")
def unknown_task_type(fixed: bool) -> None:
    tiny.lora(task_type="CAUSAL_LM" if fixed else "CAUSAL_LANGUAGE")


@proof("lora-parameters", "which-modules", says="cannot be used when `target_modules` is a str")
def layers_for_a_pattern(fixed: bool) -> None:
    tiny.lora(
        target_modules=["q_proj"] if fixed else "q_proj", layers_to_transform=[0], layers_pattern="layers"
    )


@proof("lora-training", "wrapped-twice", says="You are trying to modify a model with PEFT for a second time")
def wrapped_twice(fixed: bool) -> None:
    model = tiny.lora()
    if fixed:
        model = apply_fix("lora-training", "wrapped-twice", model=model)["model"]
    else:
        model = model.get_base_model()
    tiny.lora(model)


@proof("prompt-methods", "prefix-checkpointing", says="does not work with gradient checkpointing")
def prefix_with_checkpointing(fixed: bool) -> None:
    model = tiny.llama()
    if not fixed:
        model.activation_checkpointing_enable()
    _prefix(model)


@proof("prompt-methods", "prompt-init", says="can't be None")
def prompt_text_without_tokenizer(fixed: bool) -> None:
    from peft import PromptTuningConfig

    if fixed:
        apply_fix("prompt-methods", "prompt-init")
    else:
        PromptTuningConfig(task_type="CAUSAL_LM", num_virtual_tokens=4, prompt_tuning_init="TEXT")


def _prefix(model: Any) -> Any:
    from peft import PrefixTuningConfig, get_peft_model

    return get_peft_model(model, PrefixTuningConfig(task_type="CAUSAL_LM", num_virtual_tokens=2))
