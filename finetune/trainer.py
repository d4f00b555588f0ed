"""TRL's SFTTrainer, with our loss where it is the quicker one, and checkpoints that a full disk cannot spoil."""

import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import torch
from trl import SFTConfig, SFTTrainer

from assistant.errors import UserError
from finetune import checkpoints, head
from finetune.base import dtype_of
from finetune.encoding import Encoded, Padding
from finetune.method import peft_config
from finetune.recipe import Recipe
from finetune.starting import goes_on_from


@dataclass(frozen=True, slots=True)
class Rows:
    """Encoded samples to train on and, if any, to measure with."""

    train: Sequence[Encoded]
    held: Sequence[Encoded] = ()


class AssistantTrainer(SFTTrainer):  # type: ignore[misc]
    """`assistant_only` takes the loss of finetune.head; else it is TRL's own."""

    def __init__(self, *arguments: Any, assistant_only: bool, **options: Any) -> None:
        self._assistant_only = assistant_only
        super().__init__(*arguments, **options)

    def compute_loss(
        self, model: Any, inputs: dict[str, Any], return_outputs: bool = False, num_items_in_batch: Any = None
    ) -> Any:
        if not self._assistant_only:
            return super().compute_loss(model, inputs, return_outputs, num_items_in_batch)
        value, scores, _ = head.loss(model, inputs, num_items_in_batch)
        if self.args.average_tokens_across_devices and num_items_in_batch is not None:
            value = value * self.accelerator.num_processes
        return (value, {"loss": value, "logits": scores}) if return_outputs else value

    def prediction_step(
        self, model: Any, inputs: Any, prediction_loss_only: bool, ignore_keys: Any = None
    ) -> Any:
        if not self._assistant_only:
            return super().prediction_step(model, inputs, prediction_loss_only, ignore_keys)
        with torch.no_grad(), self.compute_loss_context_manager():
            value = self.compute_loss(model, self._prepare_inputs(inputs))
        return value.detach(), None, None

    def _save_checkpoint(self, model: Any, trial: Any) -> None:
        try:
            super()._save_checkpoint(model, trial)
        except Exception as error:  # torch, safetensors and the system each say "disk full" in their own way
            folder = Path(self.args.output_dir)
            checkpoints.discard(folder, self.state.global_step)
            free = shutil.disk_usage(folder).free / 2**20
            reason = " ".join(str(error).split())[:160] or type(error).__name__
            raise UserError(
                f"The checkpoint of step {self.state.global_step} cannot be written ({reason}; {free:.0f} MiB are "
                f"free): free some space and run the same command again, which goes on from the one before.",
                3,
            ) from error


def build(
    model: Any,
    tokenizer: Any,
    made: Recipe,
    base_name: str,
    rows: Rows,
    callbacks: list[Any],
    *,
    measured_first: bool = False,
) -> Any:
    """The trainer of a recipe; its model carries the new adapter, or the one that it goes on from. `measured_first` takes the held-out loss
    before the first step too."""
    trainer = AssistantTrainer(
        model=goes_on_from(model, made, base_name) if made.start else model,
        args=arguments(made, bool(rows.held), measured_first),
        train_dataset=dataset(rows.train, packed=made.packing),
        eval_dataset=dataset(rows.held, packed=made.packing) if rows.held else None,
        data_collator=None if made.packing else Padding(tokenizer.pad_token_id),
        processing_class=tokenizer,
        peft_config=None if made.start else peft_config(made, base_name),
        callbacks=[*callbacks, *_early_stopping(made)],
        assistant_only=uses_our_head(made),
    )
    _adapter_in_fp32(trainer.model)
    from transformers import PrinterCallback, ProgressCallback

    trainer.remove_callback(PrinterCallback)
    trainer.remove_callback(ProgressCallback)
    return trainer


def _adapter_in_fp32(model: Any) -> None:
    """TRL keeps the adapter of a 4-bit model in bf16, where small updates are rounded away."""
    if os.environ.get("ACCELERATE_USE_FSDP", "").lower() == "true":
        return  # shards have one dtype
    for weights in model.parameters():
        if weights.requires_grad:
            weights.data = weights.data.float()


def uses_our_head(made: Recipe) -> bool:
    """Whether our loss is taken: always where TRL's fused one has no Triton to run on."""
    if made.packing:
        return False
    if made.head == "auto":
        return not (torch.cuda.is_available() and made.device != "cpu" and find_spec("triton"))
    return made.head == "assistant"


def arguments(made: Recipe, held: bool, measured_first: bool) -> SFTConfig:
    """A recipe in TRL's words; `held` says whether there are held-out rows to measure with."""
    held = held and made.evaluate_every > 0
    dtype = dtype_of(made)
    return SFTConfig(
        output_dir=str(Path(made.out) / "checkpoints"),
        num_train_epochs=made.epochs,
        max_steps=made.max_steps or -1,
        per_device_train_batch_size=made.batch,
        per_device_eval_batch_size=made.batch,
        gradient_accumulation_steps=made.accumulation,
        learning_rate=made.learning_rate,
        lr_scheduler_type=made.schedule,
        warmup_steps=made.warmup,
        weight_decay=made.weight_decay,
        max_grad_norm=made.clip,
        optim=made.optimizer,
        bf16=dtype == torch.bfloat16,
        fp16=dtype == torch.float16,
        use_cpu=made.device == "cpu" or not torch.cuda.is_available(),
        gradient_checkpointing=made.checkpointing,
        max_length=made.length,
        packing=made.packing,
        dataset_kwargs=None if made.packing else {"skip_prepare_dataset": True},
        train_sampling_strategy="group_by_length" if made.group_by_length and not made.packing else "random",
        length_column_name="length",
        remove_unused_columns=False,
        eval_strategy="steps" if held else "no",
        eval_steps=made.evaluate_every if held else None,
        eval_on_start=held and measured_first,
        save_strategy="steps",
        save_steps=made.save_every,
        save_total_limit=made.keep,
        load_best_model_at_end=held and made.patience > 0,
        metric_for_best_model="eval_loss" if held else None,
        greater_is_better=False if held else None,
        logging_steps=5,
        disable_tqdm=True,
        report_to=made.report_to,
        seed=made.seed,
        dataloader_pin_memory=False,
        model_init_kwargs=None,
    )


def _early_stopping(made: Recipe) -> list[Any]:
    from transformers import EarlyStoppingCallback

    return [EarlyStoppingCallback(made.patience)] if made.patience else []


def dataset(rows: Sequence[Encoded], *, packed: bool) -> Any:
    """Encoded samples as a datasets.Dataset, with their lengths unless they are to be packed."""
    from datasets import Dataset

    columns = {
        "input_ids": [list(row.input_ids) for row in rows],
        "labels": [list(row.labels) for row in rows],
    }
    lengths = {} if packed else {"length": [len(row.input_ids) for row in rows]}
    return Dataset.from_dict({**columns, **lengths})
