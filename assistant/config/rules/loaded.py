"""What is done with models and tokenizers after they are loaded."""

import ast
from collections.abc import Iterator

from assistant.config.edits import Edit
from assistant.config.python.code import place, span
from assistant.config.python.fold import fold
from assistant.config.rules.links import runs
from assistant.config.rules.phrases import phrase
from assistant.config.rules.rule import Context, Hit, family, hit, on_file
from assistant.config.rules.versions import versioned
from assistant.config.settings import Settings
from assistant.config.source.text import Span

_TOKENIZER = {
    "encode_plus": "call", "batch_encode_plus": "call", "prepare_seq2seq_batch": "target", "as_target_tokenizer": "target",
}  # fmt: skip


@on_file
def tokenizer_methods(context: Context) -> Iterator[Hit]:
    """R16: only on a tokenizer that is loaded in the same file."""
    code = context.code
    if code is None or not context.from_version("transformers", "5.0"):
        return
    for call in code.walk.calls:
        method = getattr(call.func, "attr", "")
        if method not in _TOKENIZER or place(code, call).guarded:
            continue
        owner = fold(code, call.func.value).data  # type: ignore[attr-defined]
        if not isinstance(owner, Settings) or family(owner) != "tokenizer":
            continue
        here = span(code, call.func)
        start = here.end - len(method) - 1
        kind = _TOKENIZER[method]
        edits = [Edit(Span(start, here.end), "")] if kind == "call" else []
        words = {
            "name": method,
            "version": versioned(context, "transformers"),
            "how": phrase("loading", "tokenizer", kind),
        }
        yield Hit("R16", Span(start + 1, here.end), words, edits)


@on_file
def moving(context: Context) -> Iterator[Hit]:
    """R08."""
    code = context.code
    for call in code.walk.calls if code else ():
        method = getattr(call.func, "attr", "")
        if code is None or method not in ("to", "cuda"):
            continue
        owner = fold(code, call.func.value).data  # type: ignore[attr-defined]
        if not isinstance(owner, Settings) or family(owner) != "loading":
            continue
        if owner.text("device_map") not in ("auto", "balanced", "balanced_low_0", "sequential"):
            continue
        device = fold(code, call.args[0]).data if call.args else "cuda"
        if method == "to" and not isinstance(device, str):
            continue
        yield Hit("R08", span(code, call), {"call": code.text.of(span(code, call))[-40:].split("\n")[-1]})


@on_file
def zero_three(context: Context) -> Iterator[Hit]:
    """R09: where the DeepSpeed config is written out in the same file."""
    for run in runs(context):
        config = run.args.inner("deepspeed") if run.args else None
        zero = config.inner("zero_optimization") if config else None
        loaded = run.model.loaded
        if zero is None or zero.number("stage") != 3 or loaded is None or not loaded.given("device_map"):
            continue
        edits = context.remove(loaded.items["device_map"])
        yield hit("R09", loaded, "device_map", edits=edits)


@on_file
def checkpointing_by_config(context: Context) -> Iterator[Hit]:
    """R19."""
    code = context.code
    for target, value, _ in code.walk.assignments if code else ():
        if code is None or not isinstance(target, ast.Attribute) or target.attr != "gradient_checkpointing":
            continue
        owner = target.value
        if (
            not isinstance(owner, ast.Attribute)
            or owner.attr != "config"
            or fold(code, value).data is not True
        ):
            continue
        model = fold(code, owner.value).data
        if isinstance(model, Settings) and family(model) in ("loading", "wrapping"):
            here = span(code, target)
            yield Hit("R19", here, {"code": f"{code.text.of(here)} = True"})
