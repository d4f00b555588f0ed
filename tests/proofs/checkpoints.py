"""Files and folders that cannot be read as a model: damaged, of another kind, or not allowed."""

import argparse
import json
from pathlib import Path
from typing import Any

import torch

from tests.proofs import tiny
from tests.proofs.fix import apply_fix
from tests.proofs.proof import proof

_POINTER = "version https://git-lfs.github.com/spec/v1\noid sha256:{}\nsize 12345\n".format("0" * 64)


@proof("torch-load-unsafe", "trusted-own-file", says="Weights only load failed")
def object_in_a_checkpoint(fixed: bool) -> None:
    torch.save({"weights": torch.zeros(2), "args": argparse.Namespace(lr=0.1)}, "checkpoint.pt")
    if fixed:
        apply_fix("torch-load-unsafe", "trusted-own-file")
        torch.serialization.clear_safe_globals()
    else:
        torch.load("checkpoint.pt")


@proof("torch-load-unsafe", "whole-module", says="Weights only load failed")
def whole_model_in_a_file(fixed: bool) -> None:
    torch.save(tiny.llama(), "model.pt")
    if fixed:
        apply_fix("torch-load-unsafe", "whole-module")
        torch.load("weights.pt")
    else:
        torch.load("model.pt")


@proof("corrupt-checkpoint", "truncated-download", says="Error while deserializing header")
def truncated_file(fixed: bool, folder: Path) -> None:
    from transformers import LlamaForCausalLM

    tiny.llama().save_pretrained(folder)
    file = folder / "model.safetensors"
    if not fixed:
        file.write_bytes(file.read_bytes()[:-100])
    LlamaForCausalLM.from_pretrained(folder)


@proof("corrupt-checkpoint", "lfs-pointer", says="header too large", also=_POINTER)
def pointer_instead_of_weights(fixed: bool, folder: Path) -> None:
    from transformers import LlamaForCausalLM

    tiny.llama().save_pretrained(folder)
    if not fixed:
        (folder / "model.safetensors").write_text(_POINTER)
    LlamaForCausalLM.from_pretrained(folder)


@proof("corrupt-checkpoint", "truncated-download", says="PytorchStreamReader failed")
def truncated_pickle(fixed: bool) -> None:
    file = Path("weights.pt")
    torch.save({"weight": torch.zeros(1000)}, file)
    if not fixed:
        file.write_bytes(file.read_bytes()[:2000])
    torch.load(file)


@proof(
    "unrecognized-architecture",
    "own-architecture",
    says="does not recognize this architecture",
    also="AutoConfig.register('my_model', MyConfig)  # in train.py",
)
def type_of_your_own(fixed: bool, folder: Path) -> None:
    from transformers import CONFIG_MAPPING, AutoConfig

    _config(folder, model_type="my_model")
    if fixed:
        apply_fix("unrecognized-architecture", "own-architecture")
    AutoConfig.from_pretrained(folder)
    CONFIG_MAPPING._extra_content.pop("my_model")


@proof("unrecognized-architecture", "too-old", says="does not recognize this architecture")
def type_of_the_future(fixed: bool, folder: Path) -> None:
    from transformers import AutoConfig

    _config(folder, model_type="llama" if fixed else "llama_9")
    AutoConfig.from_pretrained(folder)


@proof("config-not-readable", "not-a-model-folder", says="Unrecognized model in")
def folder_of_something_else(fixed: bool, folder: Path) -> None:
    from transformers import AutoConfig

    if fixed:
        tiny.llama_config().save_pretrained(folder / "base")
        AutoConfig.from_pretrained(folder / "base").save_pretrained(folder)
    else:
        _config(folder, image_size=32)
    AutoConfig.from_pretrained(folder)


@proof("weights-file-missing", "wrong-folder", says="Error no file named")
def one_level_off(fixed: bool, folder: Path) -> None:
    from transformers import LlamaForCausalLM

    tiny.llama_config().save_pretrained(folder)
    tiny.llama().save_pretrained(folder / "final")
    LlamaForCausalLM.from_pretrained(folder / "final" if fixed else folder)


@proof("weights-file-missing", "safetensors-or-variant", says="Error no file named")
def demanded_variant(fixed: bool, folder: Path) -> None:
    from transformers import LlamaForCausalLM

    tiny.llama().save_pretrained(folder)
    LlamaForCausalLM.from_pretrained(folder, variant=None if fixed else "fp16")


@proof("auto-class-errors", "seq2seq-as-causal", says="Unrecognized configuration class")
def t5_as_causal(fixed: bool, folder: Path) -> None:
    from transformers import AutoModelForCausalLM, AutoModelForSeq2SeqLM

    tiny.t5().save_pretrained(folder)
    (AutoModelForSeq2SeqLM if fixed else AutoModelForCausalLM).from_pretrained(folder)


@proof("auto-class-errors", "constructor", says="is designed to be instantiated using")
def auto_class_called(fixed: bool) -> None:
    from transformers import AutoModelForCausalLM

    config = tiny.llama_config()
    AutoModelForCausalLM.from_config(config) if fixed else AutoModelForCausalLM(config)


@proof("auto-class-errors", "no-generate", says="has no attribute 'generate'")
def generating_with_the_body(fixed: bool, folder: Path) -> None:
    from transformers import AutoModel, AutoModelForCausalLM

    tiny.llama(pad_token_id=0).save_pretrained(folder)
    model = (AutoModelForCausalLM if fixed else AutoModel).from_pretrained(folder)
    model.generate(tiny.ids(), max_new_tokens=2)


@proof("custom-code-needed", "allow-it", says="trust_remote_code=True")
def code_in_the_folder(fixed: bool, folder: Path) -> None:
    from transformers import AutoConfig

    _config(folder, model_type="proof_custom", auto_map={"AutoConfig": "configuration_proof.ProofConfig"})
    (folder / "configuration_proof.py").write_text(
        "from transformers import PreTrainedConfig\n\n\n"
        "class ProofConfig(PreTrainedConfig):\n    model_type = 'proof_custom'\n"
    )
    AutoConfig.from_pretrained(folder, trust_remote_code=fixed)


@proof("custom-code-breaks", "missing-packages", says="This modeling file requires the following packages")
def code_that_imports_what_is_missing(fixed: bool, folder: Path) -> None:
    from transformers import AutoConfig

    _config(folder, model_type="proof_custom", auto_map={"AutoConfig": "configuration_proof.ProofConfig"})
    (folder / "configuration_proof.py").write_text(
        f"import {'json' if fixed else 'package_that_is_missing'}\nfrom transformers import PreTrainedConfig\n\n\n"
        "class ProofConfig(PreTrainedConfig):\n    model_type = 'proof_custom'\n"
    )
    AutoConfig.from_pretrained(folder, trust_remote_code=True)


@proof("disk-is-full", "checkpoints", says="/dev/full")
def saving_to_a_full_device(fixed: bool) -> None:
    torch.save(tiny.llama().state_dict(), "weights.pt" if fixed else "/dev/full")


@proof("host-memory-killed", "loading-ram", says="DefaultCPUAllocator")
def tensor_larger_than_memory(fixed: bool) -> None:
    with torch.device("meta" if fixed else "cpu"):
        torch.empty(1 << 47)


def _config(folder: Path, **content: Any) -> None:
    (folder / "config.json").write_text(json.dumps(content))
