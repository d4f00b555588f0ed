"""The Python code that stands in entries: finding it, compiling it, and resolving each name in it
against the libraries installed here, so that no entry teaches an argument that does not exist.
"""

import ast
import importlib
import inspect
import re
from collections.abc import Iterator
from dataclasses import dataclass

from corpus.model import LANGS, Entry

_BLOCK = re.compile(r"^([ ]*)```python([^\n]*)\n(.*?)^\1```", re.MULTILINE | re.DOTALL)
_PLACEHOLDER = re.compile(r"\{\{\s*(\w+)\s*(?:\|([^{}]*))?\}\}")
_OPTIONAL = {
    "deepspeed",
    "flash_attn",
    "vllm",
    "tensorboard",
    "wandb",
    "optimum",
    "gptqmodel",
    "llmcompressor",
}
_CONVENTIONS = {
    "model": "transformers.PreTrainedModel",
    "tokenizer": "transformers.PreTrainedTokenizerFast",
    "trainer": "transformers.Trainer",
    "accelerator": "accelerate.Accelerator",
}
_PEFT_METHODS = {"merge_and_unload", "print_trainable_parameters", "load_adapter", "set_adapter"}


@dataclass(frozen=True, slots=True)
class CodeBlock:
    """A Python block as it is shown when nothing is known of the user. `runs` marks one that a
    test runs; `old` names the versions that a block for older libraries is for."""

    entry: str
    lang: str
    code: str
    runs: bool
    old: str


def code_blocks(entry: Entry) -> Iterator[CodeBlock]:
    """All Python blocks of an entry, placeholders filled with their fallbacks."""
    for lang in LANGS:
        steps = [step for point in entry.points for step in (*point.why[lang], *point.fix[lang])]
        for section in (entry.overview, entry.more, entry.versions, entry.check):
            steps += section.steps[lang]
        for step in steps:
            for indent, info, code in _BLOCK.findall(step.text):
                plain = "\n".join(line.removeprefix(indent) for line in code.splitlines())
                plain = _PLACEHOLDER.sub(lambda match: match[2] or match[1], plain)
                old = re.search(r'old="([^"]+)"', info)
                yield CodeBlock(entry.id, lang, plain, " run" in info, old[1] if old else "")


def code_faults(block: CodeBlock) -> Iterator[str]:
    """What does not compile or does not exist in a block."""
    try:
        tree = ast.parse(block.code)
    except SyntaxError as error:
        yield f"code ({block.lang}) does not compile: {error}: {block.code[:60]!r}"
        return
    if block.old:
        return
    names: dict[str, object] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield from _imported(node, names)
    for name, target in _CONVENTIONS.items():
        if name not in names:
            module, _, attribute = target.rpartition(".")
            names[name] = getattr(importlib.import_module(module), attribute)
    assigned = {
        target.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    for name in assigned - set(_CONVENTIONS):
        names.pop(name, None)
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load):
            yield from _attribute(node, names)
        elif isinstance(node, ast.Call):
            yield from _keywords(node, names)


def _imported(node: ast.Import | ast.ImportFrom, names: dict[str, object]) -> Iterator[str]:
    base = (node.module or "") if isinstance(node, ast.ImportFrom) else ""
    for alias in node.names:
        module = base or alias.name
        if module.split(".")[0] in _OPTIONAL:
            continue
        try:
            found: object = importlib.import_module(module)
            if base:
                found = _member(found, base, alias.name)
        except (ImportError, AttributeError) as error:
            yield f"code imports what is not installed: {error}"
            continue
        if base or alias.asname:
            names[alias.asname or alias.name] = found
        else:
            root = module.split(".")[0]
            names[root] = importlib.import_module(root)


def _member(module: object, base: str, name: str) -> object:
    try:
        return getattr(module, name)
    except AttributeError:
        return importlib.import_module(f"{base}.{name}")


def _resolve(node: ast.expr, names: dict[str, object]) -> object | None:
    if isinstance(node, ast.Name):
        return names.get(node.id)
    if isinstance(node, ast.Attribute):
        owner = _resolve(node.value, names)
        return getattr(owner, node.attr, None) if owner is not None else None
    return None


def _attribute(node: ast.Attribute, names: dict[str, object]) -> Iterator[str]:
    owner = _resolve(node.value, names)
    if owner is None or not (inspect.ismodule(owner) or inspect.isclass(owner)):
        return
    if hasattr(owner, node.attr) or node.attr in getattr(owner, "__annotations__", {}):
        return
    if isinstance(node.value, ast.Name) and node.value.id in _CONVENTIONS:
        known = _PEFT_METHODS | _instance_attributes(owner)
        if node.attr in known:
            return
    if inspect.ismodule(owner):
        try:
            importlib.import_module(f"{owner.__name__}.{node.attr}")
        except ImportError:
            pass
        else:
            return
    yield f"code names {ast.unparse(node)}, which does not exist"


def _instance_attributes(owner: type) -> set[str]:
    found = {"lm_head", "model", "hf_device_map", "generation_config", "chat_template", "encode", "decode"}
    for cls in owner.__mro__[:-1]:
        try:
            found |= set(re.findall(r"self\.(\w+)\b", inspect.getsource(cls)))
        except (OSError, TypeError):
            continue
    return found


def _keywords(node: ast.Call, names: dict[str, object]) -> Iterator[str]:
    function = _resolve(node.func, names)
    if function is None or not callable(function):
        return
    try:
        parameters = inspect.signature(function).parameters
    except (TypeError, ValueError):
        return
    if any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters.values()):
        return
    for keyword in node.keywords:
        if keyword.arg and keyword.arg not in parameters:
            yield f"code passes {keyword.arg}= to {ast.unparse(node.func)}, which has no such parameter"
