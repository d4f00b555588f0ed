"""PEFT: adapters and what they are attached to."""

import re
from collections.abc import Iterator

from assistant.config.rules.phrases import phrase
from assistant.config.rules.rule import Context, Hit, hit, on
from assistant.config.rules.versions import patched
from assistant.config.settings import Settings

_TASKS = {
    "AutoModelForCausalLM": "CAUSAL_LM",
    "AutoModelForSequenceClassification": "SEQ_CLS",
    "AutoModelForSeq2SeqLM": "SEQ_2_SEQ_LM",
    "AutoModelForTokenClassification": "TOKEN_CLS",
    "AutoModelForQuestionAnswering": "QUESTION_ANS",
}
_PROMPT = ("peft.PromptTuningConfig", "peft.PrefixTuningConfig", "peft.PromptEncoderConfig")
_LAYERS = re.compile(r"\w+_proj|query_key_value|c_attn|c_proj|query|key|value|dense|Wqkv|out_lin|[qkv]_lin")


@on("lora")
def rank_and_scale(settings: Settings, context: Context) -> Iterator[Hit]:
    """L04, L05."""
    r, alpha = settings.number("r", 8), settings.number("lora_alpha", 8)
    if r is None or alpha is None or r <= 0:
        return
    scale = alpha / r
    if settings.given("lora_alpha") and (alpha == 0 or scale >= 32):
        why = phrase("lora", "why", "zero" if alpha == 0 else "large")
        edits = context.replace(settings.items["lora_alpha"], int(2 * r))
        yield hit(
            "L04", settings, "lora_alpha", "r", edits=edits, alpha=alpha, r=r, scale=f"{scale:g}", why=why
        )
    if r >= 1024:
        yield hit("L05", settings, "r", r=r)


@on("lora")
def combinations(settings: Settings, context: Context) -> Iterator[Hit]:
    """L19, L22."""
    targets = settings.data("target_modules")
    if isinstance(targets, str):
        item = settings.items["target_modules"]
        if _LAYERS.fullmatch(targets):
            edits = (
                context.replace_text(item, f"[{context.text.of(item.value.span)}]")
                if item.layout != "json"
                else context.replace(item, [targets])
            )
            yield hit("L22", settings, "target_modules", edits=edits, value=targets)
        for name in ("layers_to_transform", "layers_pattern"):
            if settings.given(name) and settings.data(name) not in ([], ""):
                yield hit(
                    "L19",
                    settings,
                    name,
                    "target_modules",
                    one=name,
                    other=phrase("lora", "other", "string"),
                    how=phrase("lora", "how", "list"),
                )
    pattern = settings.data("layers_pattern")
    if (
        isinstance(pattern, (str, list))
        and pattern
        and settings.absent("layers_to_transform")
        and not isinstance(targets, str)
    ):
        yield hit(
            "L19",
            settings,
            "layers_pattern",
            one="layers_pattern",
            other=phrase("lora", "other", "layers"),
            how=phrase("lora", "how", "layers"),
        )
    if settings.flag("lora_bias") and settings.flag("use_dora"):
        edits = context.replace(settings.items["lora_bias"], False)
        yield hit(
            "L19",
            settings,
            "lora_bias",
            "use_dora",
            edits=edits,
            one="lora_bias",
            other=phrase("lora", "other", "dora"),
            how=phrase("lora", "how", "dora"),
        )
    if settings.text("init_lora_weights") == "loftq" and settings.absent("loftq_config"):
        yield hit(
            "L19",
            settings,
            "init_lora_weights",
            one='init_lora_weights="loftq"',
            other=phrase("lora", "other", "loftq"),
            how=phrase("lora", "how", "loftq"),
        )


@on("lora")
def completeness(settings: Settings, context: Context) -> Iterator[Hit]:
    """L06, L08."""
    if settings.kind == "file.adapter" or patched(context):
        return
    if (
        settings.absent("target_modules")
        and settings.absent("target_parameters")
        and context.code is not None
    ):
        near = next(iter(settings.items), "")
        edits = (
            context.add(settings, "target_modules", "all-linear", near)
            if context.from_version("peft", "0.8")
            else []
        )
        yield hit("L08", settings, near, edits=edits)
    classes = {name for name in _TASKS if context.code is not None and name in context.text.content}
    if settings.absent("task_type") and len(classes) == 1:
        task = _TASKS[next(iter(classes))]
        near = next(iter(settings.items), "")
        yield hit("L06", settings, near, edits=context.add(settings, "task_type", task, near), task=task)


@on("peft")
def prompt_methods(settings: Settings, context: Context) -> Iterator[Hit]:
    """L25, L26, L27."""
    if settings.kind not in _PROMPT:
        return
    call = settings.kind.rsplit(".", 1)[1]
    near = next(iter(settings.items), "")
    if settings.absent("num_virtual_tokens"):
        yield hit(
            "L27", settings, near, edits=context.add(settings, "num_virtual_tokens", 20, near), call=call
        )
    if _text_init(settings):
        for name in ("prompt_tuning_init_text", "tokenizer_name_or_path"):
            if settings.absent(name):
                yield hit("L26", settings, "prompt_tuning_init", missing=name)


def _text_init(settings: Settings) -> bool:
    return (settings.text("prompt_tuning_init") or "").lower() == "text"
