"""Arguments and names that the installed versions no longer have."""

from pathlib import Path

from tests.proofs import tiny
from tests.proofs.fix import apply_fix
from tests.proofs.proof import proof


@proof(
    "removed-training-arguments", "eval-strategy", says="unexpected keyword argument 'evaluation_strategy'"
)
def evaluation_strategy(fixed: bool, folder: Path) -> None:
    if fixed:
        apply_fix("removed-training-arguments", "eval-strategy")
    else:
        tiny.arguments(folder, evaluation_strategy="epoch")


@proof("removed-training-arguments", "tokenizer-argument", says="unexpected keyword argument 'tokenizer'")
def tokenizer_for_the_trainer(fixed: bool, folder: Path) -> None:
    if fixed:
        apply_fix(
            "removed-training-arguments", "tokenizer-argument", model=tiny.llama(), tokenizer=tiny.tokenizer()
        )
    else:
        tiny.trainer(folder, more={"tokenizer": tiny.tokenizer()})


@proof("training-args-data-hub", "output-dir", says="unexpected keyword argument 'overwrite_output_dir'")
def overwrite_output_dir(fixed: bool, folder: Path) -> None:
    tiny.arguments(folder, **{} if fixed else {"overwrite_output_dir": True})


@proof("removed-training-arguments", "own-subclass", says="unexpected keyword argument 'num_items_in_batch'")
def compute_loss_of_old(fixed: bool, folder: Path) -> None:
    from transformers import Trainer

    class Own(Trainer):
        def compute_loss(self, model, inputs, return_outputs=False):  # type: ignore[no-untyped-def]
            return model(**inputs).loss

    if fixed:
        Own.compute_loss = apply_fix("removed-training-arguments", "own-subclass")["compute_loss"]
    Own(model=tiny.llama(), args=tiny.arguments(folder), train_dataset=tiny.token_rows()).train()


@proof(
    "removed-loading-arguments",
    "unknown-argument",
    says="got an unexpected keyword argument 'use_flash_attention'",
)
def misspelt_argument(fixed: bool, folder: Path) -> None:
    from transformers import LlamaForCausalLM

    tiny.llama().save_pretrained(folder)
    LlamaForCausalLM.from_pretrained(folder, **{} if fixed else {"use_flash_attention": True})


@proof(
    "removed-trl-arguments", "sft-to-config", says="unexpected keyword argument 'max_seq_length'", slow=True
)
def sft_arguments_of_old(fixed: bool, folder: Path) -> None:
    from trl import SFTConfig, SFTTrainer

    quick = {"output_dir": str(folder), "report_to": "none", "use_cpu": True, "bf16": False}
    if fixed:
        SFTConfig(max_length=16, dataset_text_field="text", **quick)
    else:
        SFTTrainer(tiny.llama(), args=SFTConfig(**quick), train_dataset=tiny.text_rows(), max_seq_length=16)


@proof(
    "removed-trl-arguments",
    "removed-classes",
    says="cannot import name 'DataCollatorForCompletionOnlyLM'",
    slow=True,
)
def trl_class_of_old(fixed: bool) -> None:
    if fixed:
        from trl import SFTConfig

        SFTConfig(completion_only_loss=True, report_to="none", use_cpu=True, bf16=False)
    else:
        from trl import DataCollatorForCompletionOnlyLM  # noqa: F401


@proof("import-name-gone", "removed-in-transformers", says="cannot import name 'is_torch_fx_available'")
def removed_name(fixed: bool) -> None:
    if fixed:
        apply_fix("import-name-gone", "removed-in-transformers")
    else:
        from transformers.utils.import_utils import is_torch_fx_available  # noqa: F401
