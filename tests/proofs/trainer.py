"""What the Trainer refuses: strategies, metrics, checkpoints to resume, lengths."""

from pathlib import Path
from typing import Any

from tests.proofs import tiny
from tests.proofs.fix import apply_fix
from tests.proofs.proof import proof


@proof("strategy-mismatch", "strategies-differ", says="requires the save and eval strategy to match")
def best_model_with_other_strategies(fixed: bool, folder: Path) -> None:
    if fixed:
        apply_fix("strategy-mismatch", "strategies-differ")
    else:
        tiny.arguments(folder, eval_strategy="epoch", save_strategy="steps", load_best_model_at_end=True)


@proof("strategy-mismatch", "not-multiple", says="requires the saving steps to be a round multiple")
def saving_between_evaluations(fixed: bool, folder: Path) -> None:
    if fixed:
        apply_fix("strategy-mismatch", "not-multiple")
    else:
        tiny.arguments(
            folder, eval_strategy="steps", eval_steps=200, save_steps=500, load_best_model_at_end=True
        )


@proof("strategy-mismatch", "no-eval-dataset", says="but you didn't pass an `eval_dataset` to `Trainer`")
def evaluating_nothing(fixed: bool, folder: Path) -> None:
    more = {"eval_dataset": tiny.token_rows()} if fixed else {}
    tiny.trainer(folder, eval_strategy="steps", eval_steps=1, more=more)


@proof("strategy-mismatch", "metric-missing", says="is not found in the evaluation metrics")
def metric_that_nobody_computes(fixed: bool, folder: Path) -> None:
    more: dict[str, Any] = {"eval_dataset": tiny.token_rows()}
    if fixed:
        more["compute_metrics"] = apply_fix("strategy-mismatch", "metric-missing")["compute_metrics"]
    tiny.trainer(
        folder,
        more=more,
        eval_strategy="steps",
        eval_steps=1,
        save_steps=1,
        load_best_model_at_end=True,
        metric_for_best_model="accuracy",
    ).train()


@proof("strategy-mismatch", "early-stopping", says="EarlyStoppingCallback requires")
def early_stopping_without_a_metric(fixed: bool, folder: Path) -> None:
    from transformers import EarlyStoppingCallback

    settings = {"eval_strategy": "steps", "eval_steps": 1, "save_steps": 1}
    if fixed:
        settings |= {
            "metric_for_best_model": "loss",
            "greater_is_better": False,
            "load_best_model_at_end": True,
        }
    more = {"callbacks": [EarlyStoppingCallback(3)], "eval_dataset": tiny.token_rows()}
    tiny.trainer(folder, more=more, **settings).train()


@proof("training-args-steps", "length-unknown", says="max_steps")
def streamed_rows_without_steps(fixed: bool, folder: Path) -> None:
    rows = tiny.token_rows().to_iterable_dataset()
    tiny.trainer(folder, rows=rows, max_steps=2 if fixed else -1).train()


@proof("training-args-steps", "max-steps-or-epochs", says="max_steps is given, it will override")
def steps_and_epochs(fixed: bool, folder: Path) -> None:
    from transformers import logging

    level = logging.get_verbosity()
    logging.set_verbosity_info()
    try:
        tiny.trainer(folder, max_steps=-1 if fixed else 2, num_train_epochs=1)
    finally:
        logging.set_verbosity(level)


@proof("training-args-optimizer", "optim", says="is not a valid OptimizerNames")
def unknown_optimizer(fixed: bool, folder: Path) -> None:
    tiny.arguments(folder, optim="adamw_torch" if fixed else "adamw_hf")


@proof("training-args-optimizer", "scheduler", says="is not a valid SchedulerType")
def unknown_scheduler(fixed: bool, folder: Path) -> None:
    tiny.arguments(folder, lr_scheduler_type="cosine" if fixed else "cosine_decay")


@proof("training-args-precision-parallel", "fp16-or-bf16", says="At most one of fp16 and bf16 can be True")
def fp16_and_bf16(fixed: bool, folder: Path) -> None:
    tiny.arguments(folder, fp16=not fixed, bf16=True)


@proof("training-args-logging-saving", "report-to", says="requires")
def tracker_not_installed(fixed: bool, folder: Path) -> None:
    tiny.trainer(folder, report_to="none" if fixed else "wandb")


@proof("training-args-logging-saving", "report-to", says="is not supported, only")
def unknown_tracker(fixed: bool, folder: Path) -> None:
    tiny.trainer(folder, report_to="none" if fixed else "nothing_like_this")


@proof("resume-checkpoint", "no-valid-checkpoint", says="No valid checkpoint found in output directory")
def nothing_to_resume(fixed: bool, folder: Path) -> None:
    trainer = tiny.trainer(folder)
    if fixed:
        Path("out").mkdir(exist_ok=True)
        apply_fix("resume-checkpoint", "no-valid-checkpoint", trainer=trainer)
    else:
        trainer.train(resume_from_checkpoint=True)


@proof("resume-checkpoint", "optimizer-mismatch", says="loaded state dict")
def other_parameters_than_saved(fixed: bool, folder: Path) -> None:
    tiny.trainer(folder, tiny.lora(), save_steps=2).train()
    targets = ["q_proj"] if fixed else ["q_proj", "v_proj"]
    trainer = tiny.trainer(folder, tiny.lora(target_modules=targets), max_steps=3)
    trainer.train(resume_from_checkpoint=str(folder / "out" / "checkpoint-2"))


@proof("deepspeed-install", "not-installed", says="deepspeed")
def deepspeed_not_installed(fixed: bool, folder: Path) -> None:
    more = {} if fixed else {"deepspeed": {"zero_optimization": {"stage": 2}}}
    tiny.trainer(folder, **more)


@proof("fsdp-config", "launch-and-checkpointing", says="Using fsdp only works in distributed training")
def fsdp_without_a_launcher(fixed: bool, folder: Path) -> None:
    more = {} if fixed else {"fsdp": True, "fsdp_config": {"version": 2}}
    tiny.trainer(folder, **more)
