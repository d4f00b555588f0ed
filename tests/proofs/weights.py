"""Loading weights: which are missing, left over, of another shape or under other names."""

from pathlib import Path

import torch

from tests.proofs import tiny
from tests.proofs.fix import apply_fix
from tests.proofs.proof import proof


@proof("weights-newly-initialized", "new-head", says="MISSING")
def head_on_a_pretrained_body(fixed: bool, folder: Path) -> None:
    from transformers import AutoModelForSequenceClassification, BertForMaskedLM

    saved = tiny.bert_classifier(num_labels=3) if fixed else BertForMaskedLM(tiny.bert_config())
    saved.save_pretrained(folder / "bert")
    AutoModelForSequenceClassification.from_pretrained(folder / "bert", num_labels=3)


@proof("weights-not-used", "lm-head-dropped", says="UNEXPECTED")
def body_of_a_causal_model(fixed: bool, folder: Path) -> None:
    from transformers import AutoModel

    tiny.llama().save_pretrained(folder / "llama")
    if fixed:
        apply_fix("weights-not-used", "lm-head-dropped", paths={"your-model": folder / "llama"})
    else:
        AutoModel.from_pretrained(folder / "llama")


@proof("finetuned-weights-missing", "key-prefix", says="MISSING")
def keys_with_a_wrappers_prefix(fixed: bool, folder: Path) -> None:
    from transformers import LlamaForCausalLM

    model = tiny.llama()
    model.config.save_pretrained(folder)
    torch.save(
        {f"module.{name}": each for name, each in model.state_dict().items()}, folder / "pytorch_model.bin"
    )
    if fixed:
        code_reads = {"pytorch_model.bin": folder / "pytorch_model.bin"}
        space = apply_fix("finetuned-weights-missing", "key-prefix", paths=code_reads, model=model)
        assert not space["missing"]
    else:
        LlamaForCausalLM.from_pretrained(folder)


@proof("load-report", "silence", says="LOAD REPORT")
def report_of_a_known_difference(fixed: bool, folder: Path) -> None:
    from transformers import AutoModel, logging

    tiny.llama().save_pretrained(folder)
    level = logging.get_verbosity()
    try:
        if fixed:
            apply_fix("load-report", "silence")
        AutoModel.from_pretrained(folder)
    finally:
        logging.set_verbosity(level)


@proof(
    "size-mismatch", "classifier-labels", says="You set `ignore_mismatched_sizes` to `False`", terminal=True
)
def other_number_of_classes(fixed: bool, folder: Path) -> None:
    from transformers import AutoModelForSequenceClassification

    tiny.bert_classifier(num_labels=2).save_pretrained(folder)
    if fixed:
        apply_fix("size-mismatch", "classifier-labels", paths={"your-model": folder})
    else:
        AutoModelForSequenceClassification.from_pretrained(folder, num_labels=5)


@proof("size-mismatch", "other-architecture", says="copying a param with shape")
def weights_of_another_size(fixed: bool) -> None:
    weights = tiny.llama(hidden_size=8 if fixed else 16).state_dict()
    tiny.llama().load_state_dict(weights)


@proof("vocab-size-differs", "checkpoint-rows", says="copying a param with shape")
def table_of_another_vocabulary(fixed: bool) -> None:
    model = tiny.llama(vocab_size=32_001)
    if not fixed:
        model.resize_token_embeddings(32_000)
    model.load_state_dict(tiny.llama(vocab_size=32_001).state_dict())


@proof("vocab-size-differs", "pad-id-invalid", says="must be within num_embeddings")
def pad_id_beyond_the_table(fixed: bool, folder: Path) -> None:
    from transformers import LlamaForCausalLM

    tiny.llama().save_pretrained(folder)
    if fixed:
        apply_fix("vocab-size-differs", "pad-id-invalid", paths={"your-model": folder})
    else:
        LlamaForCausalLM(tiny.llama_config(pad_token_id=32))


@proof("state-dict-keys", "module-prefix", says="Missing key(s) in state_dict")
def saved_from_data_parallel(fixed: bool) -> None:
    model = tiny.llama()
    torch.save(torch.nn.DataParallel(model).state_dict(), "model.pt")
    if fixed:
        apply_fix("state-dict-keys", "module-prefix", model=model)
    else:
        model.load_state_dict(torch.load("model.pt"))


@proof("state-dict-keys", "whole-checkpoint", says="Unexpected key(s) in state_dict")
def whole_checkpoint_as_weights(fixed: bool) -> None:
    model = tiny.llama()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    state = {
        "epoch": 1,
        "model_state_dict": model.state_dict(),
        "optimizer_state_dict": optimizer.state_dict(),
    }
    torch.save(state, "last.ckpt")
    if fixed:
        apply_fix("state-dict-keys", "whole-checkpoint", model=model)
    else:
        model.load_state_dict(torch.load("last.ckpt"))


@proof("shared-tensors", "save-file", says="Some tensors share memory")
def tied_weights_to_a_file(fixed: bool) -> None:
    from safetensors.torch import save_file

    model = tiny.llama(tie_word_embeddings=True)
    if fixed:
        apply_fix("shared-tensors", "save-file", model=model)
    else:
        save_file(model.state_dict(), "model.safetensors")


@proof("shared-tensors", "non-contiguous", says="You are trying to save a non contiguous tensor")
def transposed_view(fixed: bool) -> None:
    from safetensors.torch import save_file

    model = torch.nn.Linear(2, 3)
    model.weight.data = torch.ones(2, 3).t()
    if fixed:
        apply_fix("shared-tensors", "non-contiguous", model=model)
    save_file(model.state_dict(), "model.safetensors")


@proof("added-tokens", "mean-resizing", says="new embeddings will be initialized")
def resized_with_mean(fixed: bool) -> None:
    tiny.llama().resize_token_embeddings(40, mean_resizing=not fixed)
