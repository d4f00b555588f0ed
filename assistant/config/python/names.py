"""Full names: what `TA` means after `from transformers import TrainingArguments as TA`."""

import ast
import tomllib
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

_LIBRARIES = frozenset(
    {"transformers", "trl", "peft", "accelerate", "datasets", "unsloth", "bitsandbytes", "deepspeed"}
)
_FREE = {
    "AutoTokenizer": "transformers.AutoTokenizer",
    "AutoModelForCausalLM": "transformers.AutoModelForCausalLM",
    "AutoModel": "transformers.AutoModel",
    "AutoModelForSeq2SeqLM": "transformers.AutoModelForSeq2SeqLM",
    "AutoModelForSequenceClassification": "transformers.AutoModelForSequenceClassification",
    "AutoConfig": "transformers.AutoConfig",
    "PeftModel": "peft.PeftModel",
    "IntervalStrategy": "transformers.IntervalStrategy",
    "TaskType": "peft.TaskType",
    "torch": "torch",
    "os": "os",
}
"""Names with one meaning in these libraries, for pasted code without its imports."""


@cache
def objects() -> Mapping[str, tuple[str, Sequence[str]]]:
    """Full name of what is called → its family and the names of its positional arguments."""
    table = tomllib.loads((Path(__file__).parent / "objects.toml").read_text(encoding="utf-8"))
    return {name: (family, order) for family, rows in table.items() for name, order in rows.items()}


@cache
def free_names() -> Mapping[str, str]:
    """What a name means that nothing in the text binds."""
    called = {name.rsplit(".", 1)[1]: name for name in objects() if not name.startswith("torch.")}
    classes = {
        short: name
        for short, name in called.items()
        if short not in ("generate", "from_pretrained", "tokenizer")
    }
    return classes | _FREE


def short(full: str) -> str:
    """A full name without the modules between the library and what it exports:
    transformers.training_args.TrainingArguments → transformers.TrainingArguments."""
    root, *rest = full.split(".")
    if root not in _LIBRARIES or len(rest) < 2:
        return full
    for index, part in enumerate(rest):
        if part[:1].isupper():
            return ".".join([root, *rest[index:]])
    return f"{root}.{rest[-1]}"


def dotted(node: ast.expr) -> list[str] | None:
    """`a.b.c` as its parts; None for anything else."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    if not isinstance(node, ast.Name):
        return None
    return [node.id, *reversed(parts)]
