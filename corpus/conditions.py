"""The small expressions of entries: `batch_size == 1 and transformers < '4.41'`.

A condition is parsed once (so that a bad one is found when the corpus is checked) and evaluated
over a mapping of facts. Unknown facts make a comparison false, never an error: what we don't know
must not decide. Only comparisons, boolean and arithmetic operators exist; nothing can be called
but `known(name)`.
"""

import ast
import operator
import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, TypeAlias

from packaging.version import Version

Value: TypeAlias = str | float | bool | None
Facts: TypeAlias = Mapping[str, str | float | bool]

_COMPARE: Mapping[type[ast.cmpop], Callable[[Any, Any], bool]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}
_ARITHMETIC: Mapping[type[ast.operator], Callable[[float, float], float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}
_PARTS: tuple[type[ast.AST], ...] = (
    *(ast.BoolOp, ast.UnaryOp, ast.BinOp, ast.Compare, ast.Name, ast.Call, ast.Load),
    *(ast.And, ast.Or, ast.Not, ast.USub),
    *_COMPARE,
    *_ARITHMETIC,
)
_DEPTH, _LENGTH = 40, 1_000
_CONSTANTS: Mapping[str, bool] = {"true": True, "false": False, "True": True, "False": False}
_SIZE = re.compile(r"^\s*([0-9][0-9,]*(?:\.[0-9]+)?)\s*([KMGT]?)i?(?:B|bytes)?\s*$", re.IGNORECASE)
_GIB = {"": 2**-30, "K": 2**-20, "M": 2**-10, "G": 1.0, "T": 1024.0}


_FALSE = {"", "false", "no", "off", "none", "null"}
"""How settings files write that something is off."""


class ConditionError(ValueError):
    """A condition that cannot be read; the message says which part."""


def gib(text: str) -> float | None:
    """The size in GiB that a text like "512 MiB", "8.00 GB" or "2147483648" states, else None."""
    match = _SIZE.match(text)
    if not match:
        return None
    return float(match[1].replace(",", "")) * _GIB[match[2].upper()]


def check(expression: str) -> frozenset[str]:
    """The names that a condition uses. Raises ConditionError for one that cannot be read."""
    return frozenset(node.id for node in ast.walk(_parse(expression)) if isinstance(node, ast.Name)) - {
        "known",
        *_CONSTANTS,
    }


def holds(expression: str, facts: Facts) -> bool:
    """Whether a condition holds for these facts. An empty condition holds."""
    return not expression or _truth(_value(_parse(expression), facts))


@lru_cache(maxsize=4096)
def _parse(expression: str) -> ast.expr:
    shown = repr(expression if len(expression) <= 200 else f"{expression[:200]}…")
    if len(expression) > _LENGTH:
        raise ConditionError(f"longer than {_LENGTH} characters: {shown}")
    try:
        tree = ast.parse(expression.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise ConditionError(f"cannot read the condition {shown}: {error}") from None
    level: list[ast.AST] = [tree]
    for _ in range(_DEPTH):
        for node in level:
            _allow(node, shown)
        level = [child for node in level for child in ast.iter_child_nodes(node)]
        if not level:
            return tree
    raise ConditionError(f"nested too deeply: {shown}")


def _allow(node: ast.AST, shown: str) -> None:
    match node:
        case ast.Constant(value=value):
            if not isinstance(value, str | float) and not (isinstance(value, int) and abs(value) < 1e15):
                raise ConditionError(f"only numbers and 'texts' can be compared, in {shown}")
        case ast.Call():
            if ast.unparse(node.func) != "known" or node.keywords or len(node.args) != 1:
                raise ConditionError(f"only known(name) can be called, in {shown}")
            if not isinstance(node.args[0], ast.Name):
                raise ConditionError(f"only known(name) can be called, in {shown}")
        case _ if not isinstance(node, _PARTS):
            raise ConditionError(f"{type(node).__name__} is not allowed in {shown}")


def _value(node: ast.expr, facts: Facts) -> Value:
    match node:
        case ast.Constant(value=value):
            return value if isinstance(value, str | bool) else float(value)  # type: ignore[arg-type]
        case ast.Name(id=name):
            return _CONSTANTS[name] if name in _CONSTANTS else facts.get(name)
        case ast.Call(args=[ast.Name(id=name)]):
            return name in facts
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            return not _truth(_value(operand, facts))
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            number = _number(_value(operand, facts))
            return None if number is None else -number
        case ast.BoolOp(op=ast.And(), values=values):
            return all(_truth(_value(part, facts)) for part in values)
        case ast.BoolOp(values=values):
            return any(_truth(_value(part, facts)) for part in values)
        case ast.BinOp(left=left, op=op, right=right):
            first, second = _number(_value(left, facts)), _number(_value(right, facts))
            if first is None or second is None or (isinstance(op, ast.Div) and second == 0):
                return None
            return _ARITHMETIC[type(op)](first, second)
        case ast.Compare(left=left, ops=ops, comparators=comparators):
            sides = [_value(part, facts) for part in (left, *comparators)]
            return all(_compare(op, a, b) for op, a, b in zip(ops, sides, sides[1:], strict=False))
        case _:
            return None


def _compare(op: ast.cmpop, left: Value, right: Value) -> bool:
    compare = _COMPARE.get(type(op))
    if left is None or right is None or compare is None:
        return False
    if isinstance(left, str) and isinstance(right, str):
        ordered = _versions(left, right) or _sizes(left, right) or (left.lower(), right.lower())
        return compare(*ordered)
    first, second = _number(left), _number(right)
    return False if first is None or second is None else compare(first, second)


def _versions(left: str, right: str) -> tuple[Version, Version] | None:
    try:
        return Version(left), Version(right)
    except ValueError:  # no version, or one with more digits than Python turns into a number
        return None


def _sizes(left: str, right: str) -> tuple[float, float] | None:
    first, second = gib(left), gib(right)
    return None if first is None or second is None else (first, second)


def _truth(value: Value) -> bool:
    """Whether a fact counts as true: known, and neither zero nor a word for "off"."""
    if isinstance(value, str):
        return value.strip().lower() not in _FALSE and _number(value) != 0
    return bool(value)


def _number(value: Value) -> float | None:
    if isinstance(value, bool):
        return float(value)
    if isinstance(value, float | int):
        return float(value)
    if isinstance(value, str):
        if value.lower() in ("true", "false"):
            return float(value.lower() == "true")
        try:
            return float(value)
        except ValueError:
            return gib(value)
    return None
