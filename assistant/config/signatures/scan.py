"""Reads arguments, enumerations and model facts out of a library's source files, without importing it.

Works the same on an installed package, an unpacked wheel and a checkout, which is how the history of
other versions is made (`python -m assistant.config.signatures.history_build`).
"""

import ast
import re
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

FILES: Mapping[str, tuple[str, ...]] = {
    "transformers": (
        *(
            "training_args.py",
            "training_args_seq2seq.py",
            "trainer.py",
            "trainer_seq2seq.py",
            "trainer_utils.py",
        ),
        *("trainer_callback.py", "generation/configuration_utils.py", "utils/quantization_config.py"),
        *("pipelines/__init__.py", "data/data_collator.py"),
    ),
    "trl": ("trainer/*.py", "experimental/*/*.py"),
    "peft": (
        "tuners/*/config.py",
        "tuners/*.py",
        "config.py",
        "utils/config.py",
        "mapping.py",
        "mapping_func.py",
        "utils/other.py",
        "peft_model.py",
    ),
    "accelerate": ("accelerator.py", "utils/dataclasses.py", "commands/config/config_args.py"),
}
_CLASSES: Mapping[str, re.Pattern[str]] = {
    "transformers": re.compile(
        r"(?:Seq2Seq)?(?:TrainingArguments|Trainer)|GenerationConfig|BitsAndBytesConfig|EarlyStoppingCallback"
        r"|DataCollator(?:ForLanguageModeling|WithPadding|ForSeq2Seq)"
    ),
    "trl": re.compile(
        r"(?:SFT|DPO|GRPO|KTO|ORPO|CPO|Reward|RLOO|PPO|PPOv2|BCO|OnlineDPO|GKD|PRM|XPO|NashMD)(?:Config|Trainer)"
    ),
    "peft": re.compile(
        r"(?:Lora|PromptTuning|PrefixTuning|PromptEncoder|IA3|AdaLora|LoHa|LoKr|Vera|OFT|BOFT)Config"
    ),
    "accelerate": re.compile(r"Accelerator|FullyShardedDataParallelPlugin|DeepSpeedPlugin|ClusterConfig"),
}
_FUNCTIONS: Mapping[str, frozenset[str]] = {
    "transformers": frozenset({"pipeline"}),
    "peft": frozenset({"get_peft_model", "prepare_model_for_kbit_training"}),
}
_ENUMS = frozenset(
    {
        "OptimizerNames",
        "SchedulerType",
        "IntervalStrategy",
        "SaveStrategy",
        "HubStrategy",
        "EvaluationStrategy",
    }
)
_PLAIN_BASES = frozenset(
    {"object", "ABC", "str", "Enum", "ExplicitEnum", "dict", "TrainerCallback", "ExportableState"}
)


@dataclass(frozen=True, slots=True)
class Signature:
    """Names that a call takes; those of `base` too. `open`: other names are taken as well."""

    names: frozenset[str]
    base: str = ""
    open: bool = False


@dataclass(frozen=True, slots=True)
class Scan:
    """What one version of a library takes, by full name."""

    signatures: Mapping[str, Signature]
    enums: Mapping[str, tuple[str, ...]]


def scan(package: str, folder: Path) -> Scan:
    """`folder` is the package's own (the one with its `__init__.py`). Files that are missing or do not
    parse are left out."""
    classes: dict[str, ast.ClassDef] = {}
    functions: dict[str, ast.FunctionDef] = {}
    for file in _files(package, folder):
        for node in _body(file):
            if isinstance(node, ast.ClassDef) and not _stub(node, classes):
                classes[node.name] = node
            elif isinstance(node, ast.FunctionDef):
                functions[node.name] = node
    found: dict[str, Signature] = {}
    for name, node in classes.items():
        if _CLASSES[package].fullmatch(name):
            found[f"{package}.{name}"] = _of_class(package, node, classes)
    for name in _FUNCTIONS.get(package, ()):
        if name in functions:
            found[f"{package}.{name}"] = _of_function(functions[name], skip=0)
    enums = {name: _members(node) for name, node in classes.items() if name in _ENUMS}
    return Scan(found, enums)


def _files(package: str, folder: Path) -> Iterator[Path]:
    for pattern in reversed(FILES[package]):
        yield from sorted(folder.glob(pattern))


def _stub(node: ast.ClassDef, known: Mapping[str, ast.ClassDef]) -> bool:
    """A class that only warns of its new place, beside the one with the arguments."""
    return node.name in known and not any(
        isinstance(part, (ast.AnnAssign, ast.FunctionDef)) for part in node.body
    )


def _body(file: Path) -> list[ast.stmt]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(file.read_text(encoding="utf-8")).body
    except (OSError, SyntaxError, ValueError):
        return []


def _of_class(package: str, node: ast.ClassDef, classes: Mapping[str, ast.ClassDef]) -> Signature:
    names: set[str] = set()
    base = ""
    is_open = False
    own_init = _method(node, "__init__")
    if own_init is not None:
        return _of_function(own_init, skip=1)
    names |= _fields(node)
    for parent in node.bases:
        name = parent.id if isinstance(parent, ast.Name) else getattr(parent, "attr", "")
        if name in classes and name != node.name:
            inherited = _of_class(package, classes[name], classes)
            names |= inherited.names
            base, is_open = base or inherited.base, is_open or inherited.open
        elif name in ("TrainingArguments", "Trainer"):
            base = f"transformers.{name}"
        elif not name.endswith("Mixin") and name not in _PLAIN_BASES:
            is_open = True  # what it takes stands elsewhere
    return Signature(frozenset(names), base, is_open)


def _method(node: ast.ClassDef, name: str) -> ast.FunctionDef | None:
    return next((part for part in node.body if isinstance(part, ast.FunctionDef) and part.name == name), None)


def _fields(node: ast.ClassDef) -> set[str]:
    names = set()
    for part in node.body:
        if isinstance(part, ast.AnnAssign) and isinstance(part.target, ast.Name):
            if "ClassVar" in ast.dump(part.annotation) or _no_init(part.value):
                continue
            names.add(part.target.id)
    return names


def _no_init(value: ast.expr | None) -> bool:
    return isinstance(value, ast.Call) and any(
        keyword.arg == "init" and isinstance(keyword.value, ast.Constant) and keyword.value.value is False
        for keyword in value.keywords
    )


def _of_function(node: ast.FunctionDef, skip: int) -> Signature:
    plain = [*node.args.posonlyargs, *node.args.args][skip:]
    names = {argument.arg for argument in (*plain, *node.args.kwonlyargs)}
    names |= set(_accepted_by_decorators(node))
    popped = set(_popped(node)) if node.args.kwarg else set()
    return Signature(frozenset(names | popped), open=node.args.kwarg is not None)


def _accepted_by_decorators(node: ast.FunctionDef) -> Iterator[str]:
    """Old names that a decorator still takes, with a warning."""
    for decorator in node.decorator_list:
        if not isinstance(decorator, ast.Call) or "deprecat" not in ast.dump(decorator.func):
            continue
        for part in [
            *decorator.args[:1],
            *(k.value for k in decorator.keywords if k.arg in ("old_name", "deprecated_args")),
        ]:
            for constant in ast.walk(part):
                if isinstance(constant, ast.Constant) and isinstance(constant.value, str):
                    yield constant.value


def _popped(node: ast.FunctionDef) -> Iterator[str]:
    for call in ast.walk(node):
        if (
            isinstance(call, ast.Call)
            and isinstance(call.func, ast.Attribute)
            and call.func.attr in ("pop", "get")
        ):
            owner = call.func.value
            if isinstance(owner, ast.Name) and owner.id == "kwargs" and call.args:
                first = call.args[0]
                if isinstance(first, ast.Constant) and isinstance(first.value, str):
                    yield first.value


def _members(node: ast.ClassDef) -> tuple[str, ...]:
    return tuple(
        part.value.value
        for part in node.body
        if isinstance(part, ast.Assign)
        and isinstance(part.value, ast.Constant)
        and isinstance(part.value.value, str)
    )
