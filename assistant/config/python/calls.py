"""Calls of the libraries as settings."""

import ast
from collections.abc import Callable
from dataclasses import replace

from assistant.config.python.arguments import class_fields
from assistant.config.python.code import Code, ancestors, canonical, local_class, place, span
from assistant.config.python.names import objects
from assistant.config.settings import Item, Settings, Value

Fold = Callable[[Code, ast.expr], Value]

_GENERATION = frozenset(
    {
        *(
            "max_new_tokens",
            "max_length",
            "min_new_tokens",
            "do_sample",
            "temperature",
            "top_p",
            "top_k",
            "num_beams",
        ),
        *(
            "repetition_penalty",
            "generation_config",
            "no_repeat_ngram_size",
            "num_return_sequences",
            "input_ids",
        ),
        *(
            "stopping_criteria",
            "pad_token_id",
            "eos_token_id",
            "penalty_alpha",
            "num_beam_groups",
            "streamer",
        ),
        *("stop_strings", "cache_implementation", "assistant_model", "logits_processor", "use_cache"),
    }
)
_TOKENIZERS = ("Tokenizer", "TokenizerFast", "Processor", "FeatureExtractor", "ImageProcessor")


def settings(code: Code, node: ast.Call, fold: Fold) -> Settings | None:
    """The object that a call makes or uses, if the rules know it."""
    kind = _kind(code, node)
    if kind is None:
        return None
    order = objects()[kind][1]
    items: dict[str, Item] = {}
    repeated: list[Item] = []
    unknown = False
    positional = []
    for index, argument in enumerate(node.args):
        if isinstance(argument, ast.Starred):
            unknown = True
            break
        value = fold(code, argument)
        positional.append(value)
        if index < len(order):
            here = span(code, argument)
            items[order[index]] = Item(order[index], value, here, replace(here, end=here.start), "positional")
    for keyword in node.keywords:
        if keyword.arg is None:
            part = fold(code, keyword.value).data
            known = isinstance(part, Settings) and part.kind == "mapping"
            unknown = unknown or not known or part.open
            if known:
                items |= {name: item for name, item in part.items.items() if name not in items}
            continue
        item = keyword_item(code, keyword, fold)
        if keyword.arg in items:
            repeated.append(item)
        items[keyword.arg] = item
    cls = local_class(code, node.func)
    own, own_init = _own_names(code, cls)
    guarded = place(code, node).guarded
    return Settings(
        kind,
        items,
        span(code, node),
        "call",
        open=unknown,
        positional=tuple(positional),
        own=own,
        checked=not guarded and not own_init,
        local=cls is not None,
        repeated=tuple(repeated),
    )


def keyword_item(code: Code, keyword: ast.keyword, fold: Fold) -> Item:
    """One `name=value`."""
    here = span(code, keyword)
    name = keyword.arg or ""
    return Item(name, fold(code, keyword.value), here, replace(here, end=here.start + len(name)), "call")


def _kind(code: Code, node: ast.Call) -> str | None:
    full = canonical(code, node.func)
    if full in objects():
        return full
    if not isinstance(node.func, ast.Attribute):
        return None
    method = node.func.attr
    if method == "from_pretrained":
        return _loader(full)
    if method == "generate" and _is_generate(code, node):
        return "transformers.generate"
    return None


def _loader(full: str | None) -> str | None:
    """Which `from_pretrained` this is, by its class."""
    if full is None:
        return None
    root, *rest = full.split(".")
    owner = rest[-2] if len(rest) > 1 else ""
    if root == "peft":
        return "peft.from_pretrained"
    if root != "transformers" or owner.endswith("Config"):
        return None
    return "transformers.tokenizer" if owner.endswith(_TOKENIZERS) else "transformers.from_pretrained"


def _is_generate(code: Code, node: ast.Call) -> bool:
    """Whether `x.generate(…)` is transformers': by its arguments, and where nothing says otherwise."""
    owner = node.func.value if isinstance(node.func, ast.Attribute) else None
    root = (canonical(code, owner) or "") if owner is not None else ""
    if root and not root.startswith(("transformers.", "peft.")):
        return False
    foreign = {
        "vllm",
        "openai",
        "sglang",
        "lmdeploy",
        "ctransformers",
        "mlx_lm",
        "gpt4all",
        "llama_cpp",
        "keras_nlp",
    }
    if foreign & code.libraries:
        return False
    names = {keyword.arg for keyword in node.keywords}
    return bool(names & _GENERATION)


def _own_names(code: Code, cls: ast.ClassDef | None) -> tuple[frozenset[str], bool]:
    """Fields that classes of this text add, and whether one takes its arguments in its own way."""
    if cls is None:
        return frozenset(), False
    names: set[str] = set()
    own_init = False
    for current in ancestors(code, cls):
        names.update(class_fields(current))
        own_init = own_init or any(
            isinstance(part, ast.FunctionDef) and part.name in ("__init__", "__new__")
            for part in current.body
        )
    return frozenset(names), own_init
