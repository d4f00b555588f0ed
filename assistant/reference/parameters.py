"""Reads arguments out of syntax trees: of functions, of a dataclass's fields, of what `__init__` takes out of
its keywords, and what becomes of a default of None."""

import ast
import re
from collections.abc import Iterator, Mapping

from assistant.reference.docstrings import shortened
from assistant.reference.model import Parameter

_HIDDEN = frozenset({"self", "cls"})
_LONGEST = 60
_DEFAULTS = "_get_default_generation_params"
"""A method of GenerationConfig: what generate() uses where an argument is None."""


def fields(node: ast.ClassDef) -> Iterator[Parameter]:
    """Fields of a dataclass."""
    for part in node.body:
        if not isinstance(part, ast.AnnAssign) or not isinstance(part.target, ast.Name):
            continue
        kind = ast.unparse(part.annotation)
        if "ClassVar" in kind or _keyword(part.value, "init") == "False":
            continue
        default, doc = "", ""
        if part.value is not None:
            called = isinstance(part.value, ast.Call)
            if called:
                default = _keyword(part.value, "default")
                factory = _keyword(part.value, "default_factory")
                default = default or _made(factory)
                doc = _help(part.value)
            else:
                default = ast.unparse(part.value)
        yield Parameter(part.target.id, _cut(kind), _cut(default), shortened(doc), "", part.lineno)


def _keyword(call: ast.expr | None, name: str) -> str:
    if not isinstance(call, ast.Call):
        return ""
    for keyword in call.keywords:
        if keyword.arg == name:
            return ast.unparse(keyword.value)
    return ""


def _made(factory: str) -> str:
    """What a default_factory makes."""
    plain = {"": "", "list": "[]", "dict": "{}", "set": "set()"}
    return plain.get(
        factory, factory.removeprefix("lambda: ") if factory.startswith("lambda: ") else f"{factory}()"
    )


def _help(call: ast.expr) -> str:
    for node in ast.walk(call):
        if isinstance(node, ast.Dict):
            for key, value in zip(node.keys, node.values, strict=True):
                if isinstance(key, ast.Constant) and key.value == "help":
                    return "".join(
                        p.value
                        for p in ast.walk(value)
                        if isinstance(p, ast.Constant) and isinstance(p.value, str)
                    )
    return ""


def of_function(node: ast.FunctionDef) -> list[Parameter]:
    """Arguments of a function."""
    arguments = node.args
    plain = [*arguments.posonlyargs, *arguments.args]
    defaults: list[ast.expr | None] = [None] * (len(plain) - len(arguments.defaults))
    pairs = [
        *zip(plain, [*defaults, *arguments.defaults], strict=True),
        *zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True),
    ]
    return [
        Parameter(
            argument.arg,
            _cut(ast.unparse(argument.annotation)) if argument.annotation else "",
            _cut(ast.unparse(default)) if default is not None else "",
            "",
            "",
            argument.lineno,
        )
        for argument, default in pairs
        if argument.arg not in _HIDDEN and not argument.arg.startswith("_")
    ]  # fmt: skip


def popped(node: ast.FunctionDef) -> Iterator[Parameter]:
    """What is taken out of the keywords by name."""
    for call in ast.walk(node):
        if (
            isinstance(call, ast.Call)
            and isinstance(call.func, ast.Attribute)
            and call.func.attr == "pop"
            and call.args
        ):
            first = call.args[0]
            if (
                ast.unparse(call.func.value) == "kwargs"
                and isinstance(first, ast.Constant)
                and not str(first.value).startswith("_")
            ):
                default = ast.unparse(call.args[1]) if len(call.args) > 1 else ""
                yield Parameter(str(first.value), "", _cut(default), "", "", call.lineno)


def used_where_none(node: ast.ClassDef) -> Mapping[str, str]:
    """What is used where an argument is None, by a method that says so."""
    for part in node.body:
        if isinstance(part, ast.FunctionDef) and part.name == _DEFAULTS:
            table = next((each for each in ast.walk(part) if isinstance(each, ast.Dict)), None)
            if table:
                return {
                    str(k.value): ast.unparse(v)
                    for k, v in zip(table.keys, table.values, strict=True)
                    if isinstance(k, ast.Constant)
                }
    return {}


def said(node: ast.ClassDef) -> Mapping[str, str]:
    """Values of names that a class's body gives to be used as defaults; "a or b" where it depends."""
    found: dict[str, list[str]] = {}
    for part in node.body:
        for each in ast.walk(part) if isinstance(part, ast.If | ast.Assign) else ():
            if isinstance(each, ast.Assign) and isinstance(each.value, ast.Constant):
                for target in each.targets:
                    if isinstance(target, ast.Name):
                        found.setdefault(target.id, []).append(ast.unparse(each.value))
    return {name: " or ".join(dict.fromkeys(reversed(values))) for name, values in found.items()}


def settled(node: ast.ClassDef) -> Mapping[str, str]:
    """What `__post_init__` sets where an argument is None: `if self.x is None: self.x = 3`."""
    found: dict[str, str] = {}
    after = next(
        (part for part in node.body if isinstance(part, ast.FunctionDef) and part.name == "__post_init__"),
        None,
    )
    for part in after.body if after else ():
        if not isinstance(part, ast.If) or not re.fullmatch(r"self\.\w+ is None", ast.unparse(part.test)):
            continue
        for each in part.body:
            if isinstance(each, ast.Assign) and isinstance(each.value, ast.Constant):
                names = [target.attr for target in each.targets if isinstance(target, ast.Attribute)]
                found |= dict.fromkeys(names, ast.unparse(each.value))
    return found


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else "…"
