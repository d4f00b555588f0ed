"""Defaults that a caller can change: of functions, of the command line, of dataclasses.

They are what runs if nobody says otherwise, so they are known but not sure.
"""

import ast
from collections.abc import Callable, Iterator, Mapping
from functools import cache

from assistant.config.python.code import Code, ancestors, place
from assistant.config.python.scopes import Binding, holding
from assistant.config.settings import UNKNOWN, Value

Fold = Callable[[Code, ast.expr], Value]


def parameter(code: Code, binding: Binding, fold: Fold) -> Value | None:
    """The default of a function's parameter, unless a call in this text gives another value."""
    if binding.value is None or not isinstance(binding.node, ast.arg):
        return None
    function = binding.place.scope.node
    if not isinstance(function, (ast.FunctionDef, ast.AsyncFunctionDef)):
        return None
    names = [argument.arg for argument in (*function.args.posonlyargs, *function.args.args)]
    position = names.index(binding.node.arg) if binding.node.arg in names else len(names)
    for call in _calls_of(code, function.name):
        given = {keyword.arg for keyword in call.keywords}
        starred = any(isinstance(part, ast.Starred) for part in call.args)
        if binding.node.arg in given or None in given or starred or len(call.args) > position:
            return None
    found = fold(code, binding.value)
    return Value(found.data, found.span, sure=False)


def _calls_of(code: Code, name: str) -> Iterator[ast.Call]:
    for call in code.walk.calls:
        function = call.func
        called = function.id if isinstance(function, ast.Name) else getattr(function, "attr", "")
        if called == name:
            yield call


def attribute(code: Code, node: ast.Attribute, fold: Fold) -> Value | None:
    """`args.x` of a parser's or dataclass's result, or `Config.x` of a class of this text."""
    if not isinstance(node.value, ast.Name) or node.attr in _assigned_attributes(code):
        return None
    binding, _ = holding(node.value.id, place(code, node.value))
    if binding is None:
        return None
    if isinstance(binding.node, ast.ClassDef):
        return _class_default(code, binding.node, node.attr, fold, sure=True)
    if binding.kind == "parameter":
        return _of_parameter(code, binding, node.attr, fold)
    call = binding.value
    if not isinstance(call, ast.Call):
        return None
    name = call.func.attr if isinstance(call.func, ast.Attribute) else ""
    if name in ("parse_args", "parse_known_args"):
        return _argparse_default(code, node.attr, fold)
    if name.startswith("parse_args_into_dataclasses") or name == "parse_args_and_config":
        return _of_any_dataclass(code, node.attr, fold)
    if isinstance(call.func, ast.Name) and call.func.id in code.classes:
        return _class_default(code, code.classes[call.func.id], node.attr, fold, sure=not call.keywords)
    return None


def _of_parameter(code: Code, binding: Binding, name: str, fold: Fold) -> Value | None:
    """A function's `args`: by its annotation, else by the text's only parser."""
    annotation = getattr(binding.node, "annotation", None)
    word = annotation.id if isinstance(annotation, ast.Name) else ""
    if word in code.classes:
        return _class_default(code, code.classes[word], name, fold, sure=False)
    if getattr(binding.node, "arg", "") in ("args", "opt", "opts", "cli_args", "script_args"):
        return _argparse_default(code, name, fold)
    return None


def _argparse_default(code: Code, name: str, fold: Fold) -> Value | None:
    calls = [call for call in code.walk.calls if _destination(call) == name]
    if len(calls) != 1:
        return None
    given = {keyword.arg: keyword.value for keyword in calls[0].keywords}
    action = fold(code, given["action"]).data if "action" in given else None
    if "default" in given:
        found = fold(code, given["default"])
        return Value(found.data, found.span, sure=False)
    if action in ("store_true", "store_false"):
        here = fold(code, given["action"]).span
        return Value(action == "store_false", here, sure=False)
    return None


def _destination(call: ast.Call) -> str | None:
    if not isinstance(call.func, ast.Attribute) or call.func.attr != "add_argument":
        return None
    for keyword in call.keywords:
        if keyword.arg == "dest" and isinstance(keyword.value, ast.Constant):
            return str(keyword.value.value)
    flags = [
        part.value for part in call.args if isinstance(part, ast.Constant) and isinstance(part.value, str)
    ]
    long = next((flag for flag in flags if flag.startswith("--")), flags[0] if flags else "")
    return long.lstrip("-").replace("-", "_") or None


def _of_any_dataclass(code: Code, name: str, fold: Fold) -> Value | None:
    """A field that just one of the text's dataclasses has."""
    owners = [node for node in code.classes.values() if name in class_fields(node)]
    return _class_default(code, owners[0], name, fold, sure=False) if len(owners) == 1 else None


def _class_default(code: Code, node: ast.ClassDef, name: str, fold: Fold, *, sure: bool) -> Value | None:
    for current in ancestors(code, node):
        default = class_fields(current).get(name)
        if default is None:
            continue
        found = _field_default(code, default, fold)
        return Value(found.data, found.span, found.sure and sure)
    return None


@cache
def class_fields(node: ast.ClassDef) -> Mapping[str, ast.expr | None]:
    """Names that a class body gives values to (None: only a type)."""
    found: dict[str, ast.expr | None] = {}
    for statement in node.body:
        if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
            found[statement.target.id] = statement.value
        elif isinstance(statement, ast.Assign):
            for target in statement.targets:
                if isinstance(target, ast.Name):
                    found[target.id] = statement.value
    return found


def _field_default(code: Code, node: ast.expr, fold: Fold) -> Value:
    """The default inside `field(default=…)`, or the expression's own value."""
    if isinstance(node, ast.Call) and getattr(node.func, "id", getattr(node.func, "attr", "")) in (
        "field",
        "Field",
    ):
        for keyword in node.keywords:
            if keyword.arg == "default":
                return fold(code, keyword.value)
        return Value(UNKNOWN, fold(code, node.func).span)
    return fold(code, node)


def _assigned_attributes(code: Code) -> frozenset[str]:
    """Attributes that are set anywhere: what a class or parser said of them may no longer hold."""
    return frozenset(
        target.attr for target, _, _ in code.walk.assignments if isinstance(target, ast.Attribute)
    )
