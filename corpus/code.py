"""The Python code that stands in entries: finding it, compiling it, and resolving each name in it
against the libraries installed here, so that no entry teaches an argument that does not exist.
"""

import ast
import importlib
import inspect
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeAlias, cast

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
_MODELS = (
    *("transformers.LlamaForCausalLM", "transformers.BertForSequenceClassification"),
    *("peft.PeftModelForCausalLM", "peft.LoraModel"),
)
_CONVENTIONS: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(("model", "base_model", "peft_model", "merged_model", "base", "merged"), _MODELS),
    **dict.fromkeys(("tokenizer", "tok"), ("transformers.PreTrainedTokenizerFast",)),
    **dict.fromkeys(("args", "training_args"), ("transformers.TrainingArguments", "trl.SFTConfig")),
    **dict.fromkeys(("pipe", "generator"), ("transformers.TextGenerationPipeline",)),
    "processor": ("transformers.LlavaProcessor", "transformers.Qwen2VLProcessor"),
    "trainer": ("transformers.Trainer", "trl.SFTTrainer"),
    "accelerator": ("accelerate.Accelerator",),
    "generation_config": ("transformers.GenerationConfig",),
}
"""What a block may use without making it, by the name that everybody gives it."""

_MAKERS = {
    *("from_pretrained", "from_config", "get_peft_model", "prepare_model_for_kbit_training", "pipeline"),
    *("eval", "to", "cuda", "half", "compile", "merge_and_unload", "unload", "prepare", "train"),
}
"""Functions whose result may still be called by a conventional name."""

Owners: TypeAlias = tuple[object, ...]
"""What a name may stand for; nothing where that is not known."""


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
    names: dict[str, Owners] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield from _imported(node, names)
    imported = dict(names)
    _add_conventions(tree, names)
    _follow_assignments(tree, names, imported)
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load):
            yield from _attribute(node, names)
        elif isinstance(node, ast.Call) and not _is_object(node.func, imported):
            yield from _keywords(node, names)


def _is_object(called: ast.expr, imported: Mapping[str, Owners]) -> bool:
    return isinstance(called, ast.Name) and called.id not in imported


def _add_conventions(tree: ast.AST, names: dict[str, Owners]) -> None:
    used = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    for name in used & set(_CONVENTIONS) - set(names):
        parts = [target.rpartition(".") for target in _CONVENTIONS[name]]
        names[name] = tuple(getattr(importlib.import_module(module), member) for module, _, member in parts)


def _follow_assignments(tree: ast.AST, names: dict[str, Owners], imported: Mapping[str, Owners]) -> None:
    """A name that a block gives to a new object of a known class stands for that class; one that it
    gives to anything else is not known."""
    known = dict(names)
    given: dict[str, list[Owners]] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign | ast.AnnAssign | ast.NamedExpr):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            made = _made(node.value, imported) if len(targets) == 1 else ()
            kept = _from_maker(node.value)
            for target in targets:
                if isinstance(target, ast.Name):
                    given.setdefault(target.id, []).append(
                        made or (_conventional(target, known) if kept else ())
                    )
                else:
                    given.update((each.id, [()]) for each in ast.walk(target) if isinstance(each, ast.Name))
        elif isinstance(node, ast.For | ast.comprehension | ast.withitem):
            bound = node.optional_vars if isinstance(node, ast.withitem) else node.target
            given.update(
                (each.id, [()]) for each in ast.walk(bound or ast.Pass()) if isinstance(each, ast.Name)
            )
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            arguments = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
            given.update((each.arg, [()]) for each in arguments if each.arg not in _CONVENTIONS)
    for name, owners in given.items():
        names[name] = owners[0] if all(each == owners[0] for each in owners) else ()


def _made(value: ast.expr | None, names: Mapping[str, Owners]) -> Owners:
    found = _resolve(value.func, names) if isinstance(value, ast.Call) else ()
    return found if found and all(inspect.isclass(each) for each in found) else ()


def _from_maker(value: ast.expr | None) -> bool:
    called = value.func if isinstance(value, ast.Call) else None
    return getattr(called, "attr", getattr(called, "id", "")) in _MAKERS


def _conventional(target: ast.Name, names: Mapping[str, Owners]) -> Owners:
    return names.get(target.id, ()) if target.id in _CONVENTIONS else ()


def _imported(node: ast.Import | ast.ImportFrom, names: dict[str, Owners]) -> Iterator[str]:
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
            names[alias.asname or alias.name] = (found,)
        else:
            root = module.split(".")[0]
            names[root] = (importlib.import_module(root),)


def _member(module: object, base: str, name: str) -> object:
    try:
        return getattr(module, name)
    except AttributeError:
        return importlib.import_module(f"{base}.{name}")


def _resolve(node: ast.expr, names: Mapping[str, Owners]) -> Owners:
    if isinstance(node, ast.Name):
        return names.get(node.id, ())
    if isinstance(node, ast.Attribute):
        found = (getattr(owner, node.attr, None) for owner in _resolve(node.value, names))
        return tuple(each for each in found if each is not None)
    return ()


def _attribute(node: ast.Attribute, names: Mapping[str, Owners]) -> Iterator[str]:
    owners = [each for each in _resolve(node.value, names) if inspect.ismodule(each) or inspect.isclass(each)]
    if owners and not any(_has(owner, node.attr) for owner in owners):
        yield f"code names {ast.unparse(node)}, which does not exist"


def _has(owner: object, name: str) -> bool:
    if hasattr(owner, name) or name in getattr(owner, "__annotations__", {}):
        return True
    if inspect.isclass(owner):
        return name in _instance_attributes(cast(Any, owner))
    try:
        importlib.import_module(f"{getattr(owner, '__name__', '')}.{name}")
    except ImportError:
        return False
    return True


@cache
def _instance_attributes(owner: Any) -> frozenset[str]:
    """What the class and its bases set on `self`, or declare."""
    found = {*("hf_device_map", "chat_template", "quantization_method", "is_quantized")}
    found |= {"is_loaded_in_4bit", "is_loaded_in_8bit"}  # set from outside, by the quantizers
    for cls in inspect.getmro(owner)[:-1]:
        found |= set(getattr(cls, "__annotations__", {}))
        try:
            found |= set(re.findall(r"self\.(\w+)\b", inspect.getsource(cls)))
        except (OSError, TypeError):
            continue
    return frozenset(found)


def _keywords(node: ast.Call, names: Mapping[str, Owners]) -> Iterator[str]:
    accepted = [_parameters(each) for each in _resolve(node.func, names) if callable(each)]
    for keyword in node.keywords:
        if keyword.arg and accepted and not any(each is None or keyword.arg in each for each in accepted):
            yield f"code passes {keyword.arg}= to {ast.unparse(node.func)}, which has no such parameter"


def _parameters(function: Callable[..., object]) -> frozenset[str] | None:
    """The names of a function's parameters; None where it takes any."""
    try:
        parameters = inspect.signature(function).parameters
    except (TypeError, ValueError):
        return None
    if any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters.values()):
        return None
    return frozenset(parameters)
