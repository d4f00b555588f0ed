"""GenerationConfig, generation_config.json and calls of `generate`."""

import ast
import difflib
from collections.abc import Iterator

from assistant.config.python.code import span
from assistant.config.python.fold import fold
from assistant.config.rules.phrases import phrase
from assistant.config.rules.rule import Context, Hit, hit, on, on_file
from assistant.config.settings import UNKNOWN, Settings
from assistant.config.signatures.lookup import ever

_SAMPLING = {"temperature": 1.0, "top_p": 1.0, "min_p": None, "typical_p": 1.0, "top_k": 50}
_BEAMS = {"early_stopping": False, "length_penalty": 1.0}
_OUTPUTS = ("output_scores", "output_attentions", "output_hidden_states", "output_logits")
_FOREIGN = {
    "max_tokens": "max_new_tokens", "max_gen_len": "max_new_tokens", "max_new_token": "max_new_tokens",
    "n": "num_return_sequences", "best_of": "num_return_sequences", "stop": "stop_strings",
    "stop_sequences": "stop_strings", "presence_penalty": "", "frequency_penalty": "",
}  # fmt: skip
_NOT_MISSPELT = frozenset(
    {"input_ids", "attention_mask", "inputs", "inputs_embeds", "labels", "position_ids"}
)


@on("generation")
def unknown_settings(settings: Settings, context: Context) -> Iterator[Hit]:
    """G02."""
    if settings.kind == "file.generation":
        return
    names = ever("transformers.GenerationConfig")
    call = settings.kind == "transformers.generate"
    for item in settings:
        if item.key in names or item.key in _NOT_MISSPELT or item.layout in ("positional", "attribute"):
            continue
        new = _FOREIGN.get(item.key)
        if new is None:
            close = difflib.get_close_matches(item.key, names, 1, 0.88)
            if not close:
                continue
            new = close[0]
        how = phrase("generation", "how", "spelling" if new else "delete", new=new)
        fits = bool(new) and new not in settings.items
        edits = context.rename(item, new) if fits else context.remove(item)
        what = phrase("generation", "what", "refused" if call else "stored")
        yield hit("G02", settings, item.key, edits=edits, name=item.key, what=what, how=how)


@on("generation")
def lengths(settings: Settings, context: Context) -> Iterator[Hit]:
    """G03, G06, G12."""
    call = settings.kind == "transformers.generate"
    limits = (
        "max_new_tokens",
        "max_length",
        "generation_config",
        "stopping_criteria",
        "stop_strings",
        "max_time",
    )
    if (
        call
        and not settings.open
        and all(settings.absent(name) for name in limits)
        and not _has_defaults(settings, context)
    ):
        near = next((item.key for item in settings if item.layout == "call"), "")
        edits = context.add(settings, "max_new_tokens", 256, near) if near else []
        yield hit("G03", settings, near, edits=edits)
    for low, high in (("min_new_tokens", "max_new_tokens"), ("min_length", "max_length")):
        least, most = settings.number(low), settings.number(high)
        if least is not None and most is not None and least > most:
            yield hit("G06", settings, low, high, low=low, high=high, least=least, most=most)
        other = {"max_new_tokens": "max_length", "max_length": ""}[high]
        if (
            other
            and settings.number("max_new_tokens") is not None
            and settings.number("max_length") is not None
        ):
            edits = context.remove(settings.items["max_length"])
            yield hit("G12", settings, "max_length", edits=edits, old="max_length", new="max_new_tokens")


def _has_defaults(settings: Settings, context: Context) -> bool:
    """Whether a config object of the file, or the model's own, is set up elsewhere."""
    text = context.text.content
    return "generation_config" in text or "GenerationConfig" in text


@on("generation")
def types_and_outputs(settings: Settings, context: Context) -> Iterator[Hit]:
    """G13, G17, G19."""
    call = settings.kind == "transformers.generate"
    if call and settings.given("stop_strings") and settings.absent("tokenizer"):
        edits = context.insert_near(settings, "tokenizer", "tokenizer", "stop_strings")
        yield hit("G13", settings, "stop_strings", edits=edits)
    for name in ("repetition_penalty", "temperature"):
        data = settings.data(name)
        whole = isinstance(data, int) and not isinstance(data, bool) and data > 1
        if whole and (name != "temperature" or settings.flag("do_sample")):
            yield hit(
                "G17",
                settings,
                name,
                edits=context.replace(settings.items[name], float(data)),
                name=name,
                value=data,
            )
    named = [name for name in _OUTPUTS if settings.flag(name)]
    if named and settings.data("return_dict_in_generate", False) in (False, None) and not settings.open:
        if settings.given("generation_config") or settings.kind == "file.generation":
            return
        edits = (
            context.add(settings, "return_dict_in_generate", True, named[0])
            if settings.absent("return_dict_in_generate")
            else []
        )
        yield hit("G19", settings, *named, edits=edits, names=", ".join(f"`{name}`" for name in named))


@on_file
def padding_side(context: Context) -> Iterator[Hit]:
    """G08: only for a list of prompts that is written out."""
    code, text = context.code, context.text.content
    if (
        code is None
        or "padding_side" in text
        or ".generate(" not in text
        or "AutoModelForCausalLM" not in text
    ):
        return
    for call in code.walk.calls:
        padded = any(
            k.arg == "padding" and fold(code, k.value).data in (True, "longest") for k in call.keywords
        )
        name = call.func.id if isinstance(call.func, ast.Name) else getattr(call.func, "attr", "")
        if not padded or "tokenizer" not in name.lower() or not call.args:
            continue
        prompts = fold(code, call.args[0]).data
        if (
            isinstance(prompts, list)
            and len(prompts) > 1
            and all(isinstance(p, str) or p is UNKNOWN for p in prompts)
        ):
            yield Hit("G08", span(code, call))


@on_file
def end_that_is_padding(context: Context) -> Iterator[Hit]:
    """G09."""
    code = context.code
    collators = [
        one for one in context.of("collator")
        if one.kind == "transformers.DataCollatorForLanguageModeling" and one.flag("mlm") is False
    ]  # fmt: skip
    if code is None or not collators or "group_texts" in context.text.content:
        return
    for target, value, _ in code.walk.assignments:
        left, right = getattr(target, "attr", ""), getattr(value, "attr", "")
        if (left, right) in (
            ("pad_token", "eos_token"),
            ("pad_token_id", "eos_token_id"),
        ) and "tok" in ast.unparse(target).lower():
            yield Hit("G09", collators[0].span)
            return
