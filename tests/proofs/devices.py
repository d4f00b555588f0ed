"""Devices and types of numbers, as far as a machine without a GPU shows them."""

from pathlib import Path

import torch

from tests.proofs import tiny
from tests.proofs.fix import apply_fix
from tests.proofs.proof import proof


@proof("device-mismatch", "offloaded-meta", says="Cannot copy out of meta tensor")
def moving_a_model_without_data(fixed: bool, folder: Path) -> None:
    from transformers import LlamaForCausalLM

    tiny.llama().save_pretrained(folder)
    with torch.device("cpu" if fixed else "meta"):
        model = LlamaForCausalLM(tiny.llama_config())
    model.to("cpu")


@proof("dtype-mismatch", "mixed-weights", says="must have the same dtype")
def half_input_for_float_weights(fixed: bool) -> None:
    layer = torch.nn.Linear(4, 4)
    with torch.autocast("cpu", dtype=torch.bfloat16, enabled=fixed):
        layer(torch.ones(1, 4, dtype=torch.bfloat16))


@proof("dtype-mismatch", "label-type", says="expected target dtype to be Long")
def integer_labels_for_classes(fixed: bool) -> None:
    batch = {"input_ids": tiny.ids(), "labels": torch.tensor([1], dtype=torch.int32)}
    if fixed:
        fix_types = apply_fix("dtype-mismatch", "label-type")["fix_types"]
        batch = fix_types(batch, "single_label_classification")
    tiny.bert_classifier(problem_type="single_label_classification")(**batch)


@proof("bf16-unsupported", "numpy-or-scaler", says="Got unsupported ScalarType BFloat16")
def bfloat16_to_numpy(fixed: bool) -> None:
    logits = tiny.llama().to(torch.bfloat16)(input_ids=tiny.ids()).logits.detach()
    (logits.float() if fixed else logits).numpy()


@proof("torch-without-cuda", "cpu-build", says="Torch not compiled with CUDA enabled")
def moved_to_cuda(fixed: bool) -> None:
    device = apply_fix("torch-without-cuda", "mac-or-no-nvidia")["device"] if fixed else "cuda"
    tiny.llama().to(device)


@proof("torch-without-cuda", "load-map-location", says="Attempting to deserialize object on a CUDA device")
def checkpoint_for_a_gpu(fixed: bool) -> None:
    torch.save({"weight": torch.zeros(2)}, "model.pt")
    if fixed:
        apply_fix("torch-without-cuda", "load-map-location")
    else:
        torch.load("model.pt", map_location="cuda")


@proof(
    "flash-attention-setup",
    "not-installed",
    says="FlashAttention2 has been toggled on, but it cannot be used",
)
def flash_attention_without_the_package(fixed: bool, folder: Path) -> None:
    from transformers import LlamaForCausalLM

    tiny.llama().save_pretrained(folder)
    if fixed:
        apply_fix("flash-attention-setup", "not-installed", paths={"owner/model": folder})
    else:
        LlamaForCausalLM.from_pretrained(folder, attn_implementation="flash_attention_2")


@proof(
    "inference-slow", "cpu-offload", says="Some parameters are on the meta device because they were offloaded"
)
def offloaded_to_the_disk(fixed: bool, folder: Path) -> None:
    from transformers import LlamaForCausalLM

    tiny.llama().save_pretrained(folder)
    device_map = "cpu" if fixed else {"model": "cpu", "lm_head": "disk"}
    LlamaForCausalLM.from_pretrained(folder, device_map=device_map, offload_folder=folder / "offload")
