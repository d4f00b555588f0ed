"""`tracedoc plan`: the memory that a run needs, and the least invasive change that makes it fit."""

import argparse
import json
import sys
from pathlib import Path
from typing import Any, Literal

from assistant.cli.lines import json_lines
from assistant.errors import UserError
from assistant.settings import value

# flag, metavar, help; flags that take one of a few words are checked by the planner, which knows aliases
_FLAGS = (
    ("model", "ID|FOLDER|CONFIG.JSON|SIZE", "the model: a hub id, a folder, a config.json, or a size such as 7B"),
    ("method", "METHOD", "inference, full, lora, qlora, prompt or prefix (default: inference)"),
    ("precision", "P", "fp32, fp16, bf16, int8, nf4, nf4-dq, gptq-int4, awq-int4 or fp8"),
    ("batch-size", "N", "sequences at a time on each GPU"),
    ("seq", "TOKENS", "length of a training sequence, or of the prompt"),
    ("new-tokens", "TOKENS", "tokens that are generated"),
    ("optim", "NAME", "as `optim` of TrainingArguments takes it"),
    ("checkpointing", "on|off", "gradient checkpointing"),
    ("attn", "NAME", "eager, sdpa, flash_attention_2, …"),
    ("lora-r", "R", "rank of the adapter"),
    ("lora-targets", "NAMES", "layers with an adapter, with commas, or all-linear"),
    ("lora-dropout", "P", "dropout of the adapter"),
    ("adapter-dtype", "P", "the adapter's own precision: fp32 (PEFT's default), bf16 or fp16"),
    ("virtual-tokens", "N", "virtual tokens of prompt and prefix tuning"),
    ("accumulation", "STEPS", "gradient accumulation steps"),
    ("lengths", "KIND", "whether batches are all as long as --seq: fixed, varied or unknown"),
    ("fused-loss", "on|off", "the loss never builds whole logits (TRL, Liger)"),
    ("gpus", "N", "number of GPUs"),
    ("sharding", "KIND", "none, ddp, zero1, zero2, zero3, fsdp or device_map"),
    ("gpu", "NAME", "the graphics card, by name"),
    ("vram", "GIB", "memory that is free on the GPU"),
    ("trainer", "NAME", "trl or transformers"),
    ("transformers", "VERSION", "the version of transformers"),
)  # fmt: skip


def add(command: argparse.ArgumentParser) -> None:
    for flag, metavar, what in _FLAGS:
        command.add_argument(f"--{flag}", metavar=metavar, help=what)
    command.add_argument(
        "--from", dest="file", metavar="FILE", help="plan each line of a JSONL file (`-`: a pipe)"
    )
    command.add_argument("--json", action="store_true", help="print the plan as one JSON object")
    command.add_argument(
        "--largest", choices=("batch", "length", "model"), help="say what is the largest that fits the GPU"
    )
    command.add_argument("--picture", metavar="FILE.svg", help="write the plan as a picture")
    command.add_argument(
        "--trace", action="store_true", help="measure a layer of the installed class (imports torch)"
    )
    command.add_argument("--lang", choices=("auto", "en", "zh"), default=value("TRACEDOC_LANG", "auto"))


def run(arguments: argparse.Namespace) -> int:
    lang: Literal["en", "zh"] = "zh" if arguments.lang == "zh" else "en"
    if arguments.file is not None:
        return _many(arguments.file, lang)
    from assistant.memory import as_json, largest, picture, plan, read_request
    from assistant.memory.api import known, unknown_gpu
    from assistant.memory.report import largest_line, report

    flags: dict[str, Any] = {
        flag.replace("-", "_"): getattr(arguments, flag.replace("-", "_")) for flag, _, _ in _FLAGS
    }
    try:
        request = read_request(flags)
        found = plan(request, trace=arguments.trace)
        most = largest(request, arguments.largest, found.model) if arguments.largest else None
    except UserError as error:
        rest = known(flags)
        if rest:
            text = {"error": str(error), **rest}
            print(json.dumps(text, ensure_ascii=False) if arguments.json else _known_words(rest))
        raise
    if arguments.picture:
        _write(Path(arguments.picture), picture(found, lang))
    if arguments.json:
        shown = as_json(found, lang)
        if most:
            shown["largest"] = {"what": most.what, "value": most.value}
        print(json.dumps(shown, ensure_ascii=False))
    else:
        print(report(found, lang))
        if most:
            print(f"\n{largest_line(most, lang)}")
    why = unknown_gpu(found)
    if why:
        raise UserError(why)
    return 0


def _many(file: str, lang: Literal["en", "zh"]) -> int:
    from assistant.memory.api import plan_line

    for number, line in json_lines(Path("/dev/stdin") if file == "-" else Path(file)):
        if isinstance(line, str):
            result: dict[str, Any] = {"id": None, "error": f"line {number}: {line}"}
        else:
            result = plan_line(line, lang)
        print(json.dumps(result, ensure_ascii=False), flush=True)
    return 0


def _known_words(rest: dict[str, Any]) -> str:
    said = []
    if "model" in rest:
        sizes = ", ".join(f"{name} {size} GiB" for name, size in rest["weights_by_precision_gib"].items())
        said.append(f"{rest['model']['id']}: {rest['model']['params']:,} weights ({sizes}).")
    if "gpu_gib" in rest:
        said.append(f"The GPU has {rest['gpu_gib']} GiB that a process can use.")
    return "\n".join(said)


def _write(file: Path, text: str) -> None:
    beside = file.with_name(f".{file.name}.part")
    try:
        beside.write_text(text, "utf-8")
        beside.replace(file)
    except OSError as error:
        raise UserError(f"cannot write {file}: {error.strerror or error}.", 3) from None
    print(f"tracedoc: wrote {file}.", file=sys.stderr)
