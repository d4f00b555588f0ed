"""The PEFT configuration of a recipe."""

from typing import Any

from finetune.recipe import Recipe


def peft_config(made: Recipe, base_name: str) -> Any:
    """LoRA, prefix tuning or prompt tuning as the recipe has it."""
    from peft import LoraConfig, PrefixTuningConfig, PromptTuningConfig, PromptTuningInit, TaskType

    task = TaskType.CAUSAL_LM
    if made.method == "prefix":
        return PrefixTuningConfig(
            task_type=task, num_virtual_tokens=made.virtual_tokens, prefix_projection=False
        )
    if made.method == "prompt":
        text = made.initial_text
        return PromptTuningConfig(
            task_type=task,
            num_virtual_tokens=made.virtual_tokens,
            prompt_tuning_init=PromptTuningInit.TEXT if text else PromptTuningInit.RANDOM,
            prompt_tuning_init_text=text or None,
            tokenizer_name_or_path=base_name if text else None,
        )
    targets: Any = list(made.targets)
    return LoraConfig(
        r=made.rank,
        lora_alpha=made.alpha,
        lora_dropout=made.dropout,
        target_modules=targets[0] if targets == ["all-linear"] else targets,
        bias="none",
        task_type=task,
    )
