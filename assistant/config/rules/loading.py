"""Loading models, tokenizers and pipelines."""

import ast
import difflib
from collections.abc import Iterator
from typing import Any

from assistant.config.edits import Edit
from assistant.config.python.code import span
from assistant.config.report import Severity
from assistant.config.rules.phrases import phrase
from assistant.config.rules.rule import Context, Hit, family, hit, on
from assistant.config.rules.versions import patched, versioned
from assistant.config.settings import Settings
from assistant.config.signatures.models import family as model_family
from assistant.config.signatures.models import known

_ATTENTION = (
    "eager",
    "sdpa",
    "flash_attention_2",
    "flash_attention_3",
    "flash_attention_4",
    "flex_attention",
)
_SHORT_TYPES = {"bf16": "bfloat16", "fp16": "float16", "fp32": "float32", "f16": "float16", "f32": "float32"}
_TASKS = {
    "summarization": "text", "text2text-generation": "text", "translation": "text", "conversational": "text",
    "question-answering": "answers", "visual-question-answering": "image", "vqa": "image", "image-to-image": "diffusers",
}  # fmt: skip
_TOKENIZER = {
    "encode_plus": "call", "batch_encode_plus": "call", "prepare_seq2seq_batch": "target", "as_target_tokenizer": "target",
}  # fmt: skip


@on("loading")
def removed_arguments(settings: Settings, context: Context) -> Iterator[Hit]:
    """B13, R03, R20."""
    if not context.from_version("transformers", "5.0") or not settings.checked or patched(context):
        return
    version = versioned(context, "transformers")
    for name in ("load_in_4bit", "load_in_8bit"):
        item = settings.items.get(name)
        if item is not None and item.layout in ("call", "dict") and item.value.data is not None:
            edits = _as_config(settings, name, context)
            yield hit("B13", settings, name, edits=edits, name=name, version=version)
    if "use_flash_attention_2" in settings.items:
        item = settings.items["use_flash_attention_2"]
        asked = settings.flag("use_flash_attention_2") and settings.absent("attn_implementation")
        edits = (
            [*context.rename(item, "attn_implementation"), *context.replace(item, "flash_attention_2")]
            if asked
            else context.remove(item)
        )
        yield hit("R03", settings, "use_flash_attention_2", edits=edits, version=version)
    if "gradient_checkpointing" in settings.items:
        edits = context.remove(settings.items["gradient_checkpointing"])
        yield hit("R20", settings, "gradient_checkpointing", edits=edits, version=version)


def _as_config(settings: Settings, name: str, context: Context) -> list[Edit]:
    """The flag as a BitsAndBytesConfig, where that name is there or can be imported beside others."""
    item = settings.items[name]
    if settings.flag(name) is False:
        return context.remove(item)
    if settings.flag(name) is not True or "quantization_config" in settings.items:
        return []
    imported = _import(context, "BitsAndBytesConfig")
    if imported is None:
        return []
    extra = ', bnb_4bit_quant_type="nf4", bnb_4bit_compute_dtype="bfloat16"' if name == "load_in_4bit" else ""
    written = f"BitsAndBytesConfig({name}=True{extra})"
    return [*imported, *context.rename(item, "quantization_config"), *context.replace_text(item, written)]


def _import(context: Context, name: str) -> list[Edit] | None:
    """What makes a name of transformers known: nothing if it is, an entry in an import, or None."""
    if context.code is None:
        return None
    if name in context.code.scope.bindings:
        return []
    for node in context.code.tree.body:
        if isinstance(node, ast.ImportFrom) and node.module == "transformers" and node.names[0].name != "*":
            start = span(context.code, node.names[0])
            return [Edit(type(start)(start.start, start.start), f"{name}, ")]
    return None


@on("loading", "tokenizer", "pipeline", "dataset")
def token(settings: Settings, context: Context) -> Iterator[Hit]:
    """R01."""
    item = settings.items.get("use_auth_token")
    package = "datasets" if family(settings) == "dataset" else "transformers"
    if item is None or not context.from_version(package, {"datasets": "3.0"}.get(package, "5.0")):
        return
    edits = context.rename(item, "token") if "token" not in settings.items else context.remove(item)
    severity: Severity | None = "warning" if family(settings) in ("tokenizer", "pipeline") else None
    yield hit(
        "R01", settings, "use_auth_token", edits=edits, severity=severity, version=versioned(context, package)
    )


@on("loading")
def attention(settings: Settings, context: Context) -> Iterator[Hit]:
    """R04, R05, R06."""
    value = settings.text("attn_implementation")
    if not value:
        return
    item = settings.items["attn_implementation"]
    custom = "/" in value or "|" in value or "AttentionInterface" in context.text.content
    if value not in _ATTENTION and not custom:
        plain = value.lower().replace("-", "_").replace("attn", "attention")
        close = difflib.get_close_matches(plain, _ATTENTION, 1, 0.7)
        if close:
            edits = context.replace(item, close[0])
            yield hit("R04", settings, "attn_implementation", edits=edits, value=value, new=close[0])
    if not value.startswith("flash_attention"):
        return
    capability = context.facts.compute_capability
    if capability is not None and capability < 8.0:
        edits = context.replace(item, "sdpa")
        words: dict[str, Any] = {"value": value, "gpu": context.facts.gpu or "GPU", "cc": capability}
        yield hit("R06", settings, "attn_implementation", edits=edits, **words)
    name = "dtype" if "dtype" in settings.items else "torch_dtype"
    if settings.dtype(name) == "float32":
        edits = context.replace_text(settings.items[name], _bfloat16(settings, name, context))
        yield hit("R05", settings, "attn_implementation", name, edits=edits)


def _bfloat16(settings: Settings, name: str, context: Context) -> str:
    written = context.text.of(settings.items[name].value.span)
    return "torch.bfloat16" if written.startswith("torch.") else '"bfloat16"'


@on("loading", "pipeline")
def types(settings: Settings, context: Context) -> Iterator[Hit]:
    """R07."""
    for name in ("dtype", "torch_dtype"):
        data = settings.data(name)
        if isinstance(data, str) and data.lower() in _SHORT_TYPES:
            new = _SHORT_TYPES[data.lower()]
            yield hit(
                "R07",
                settings,
                name,
                edits=context.replace(settings.items[name], new),
                name=name,
                value=data,
                new=new,
            )


@on("loading")
def remote_code(settings: Settings, context: Context) -> Iterator[Hit]:
    """R10: only for a repository of the model's own makers, which transformers surely runs."""
    name = settings.text("pretrained_model_name_or_path") or ""
    row = known(name)
    owners = (
        "meta-llama/",
        "mistralai/",
        "google/gemma",
        "Qwen/Qwen2",
        "Qwen/Qwen3",
        "HuggingFaceTB/",
        "openai-community/",
    )
    if not settings.flag("trust_remote_code") or row is None or not name.startswith(owners):
        return
    if model_family(row.family) is not None:
        edits = context.remove(settings.items["trust_remote_code"])
        yield hit("R10", settings, "trust_remote_code", edits=edits, family=row.family, model=name)


@on("pipeline")
def removed_tasks(settings: Settings, context: Context) -> Iterator[Hit]:
    """R14."""
    task = settings.text("task")
    if not task or not context.from_version("transformers", "5.0") or not settings.checked:
        return
    plain = "translation" if task.startswith("translation_") else task
    if plain in _TASKS:
        how = phrase("loading", "tasks", _TASKS[plain])
        yield hit("R14", settings, "task", task=task, version=versioned(context, "transformers"), how=how)
