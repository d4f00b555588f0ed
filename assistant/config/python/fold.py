"""The value of an expression as far as it is certain without running anything."""

import ast
import operator
from collections.abc import Callable, Mapping
from typing import Any

from assistant.config.python import arguments, values
from assistant.config.python.code import Code, canonical, place, span
from assistant.config.python.scopes import Binding, holding
from assistant.config.settings import UNKNOWN, Settings, Symbol, Value

_DEEP = 60
_LONG = 100_000

_BINARY: Mapping[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
}
_COMPARE: Mapping[type[ast.cmpop], Callable[[Any, Any], Any]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.In: lambda one, other: one in other,
    ast.NotIn: lambda one, other: one not in other,
    ast.Is: lambda one, other: one is other,
    ast.IsNot: lambda one, other: one is not other,
}
_PLAIN = (int, float, str, bool, type(None))


def fold(code: Code, node: ast.expr) -> Value:
    """A constant, list, Symbol or Settings; UNKNOWN where only a run could tell."""
    key = id(node)
    if key in code.folded:
        return code.folded[key]
    if key in code.busy or len(code.busy) > _DEEP:
        return Value(UNKNOWN, span(code, node))
    code.busy.add(key)
    try:
        found = _fold(code, node)
    except (ArithmeticError, TypeError, ValueError, RecursionError, MemoryError):
        found = Value(UNKNOWN, span(code, node))
    finally:
        code.busy.discard(key)
    code.folded[key] = found
    return found


def _fold(code: Code, node: ast.expr) -> Value:
    here = span(code, node)
    if isinstance(node, ast.Constant):
        return Value(node.value if isinstance(node.value, _PLAIN) else UNKNOWN, here)
    if isinstance(node, (ast.List, ast.Tuple, ast.Set)):
        return _sequence(code, node)
    if isinstance(node, ast.Dict):
        return values.mapping(code, node, fold)
    if isinstance(node, ast.JoinedStr):
        return _joined(code, node)
    if isinstance(node, ast.FormattedValue):
        inner = fold(code, node.value)
        plain = node.format_spec is None and node.conversion == -1 and isinstance(inner.data, _PLAIN)
        return Value(str(inner.data) if plain else UNKNOWN, here, inner.sure)
    if isinstance(node, ast.UnaryOp):
        return _unary(code, node)
    if isinstance(node, ast.BinOp):
        return _binary(code, node)
    if isinstance(node, ast.BoolOp):
        return _boolean(code, node)
    if isinstance(node, ast.Compare):
        return _compare(code, node)
    if isinstance(node, ast.IfExp):
        test = fold(code, node.test)
        if not isinstance(test.data, _PLAIN):
            return Value(UNKNOWN, here)
        chosen = fold(code, node.body if test.data else node.orelse)
        return Value(chosen.data, chosen.span, chosen.sure and test.sure)
    if isinstance(node, ast.Name):
        return _name(code, node)
    if isinstance(node, ast.Attribute):
        return _attribute(code, node)
    if isinstance(node, ast.Subscript):
        return _subscript(code, node)
    if isinstance(node, ast.Call):
        return values.called(code, node, fold)
    return Value(UNKNOWN, here)


def _sequence(code: Code, node: ast.List | ast.Tuple | ast.Set) -> Value:
    parts: list[Any] = []
    sure = True
    for part in node.elts:
        inner = fold(code, part.value if isinstance(part, ast.Starred) else part)
        sure = sure and inner.sure
        if isinstance(part, ast.Starred):
            parts += inner.data if isinstance(inner.data, list) else [UNKNOWN]
        else:
            parts.append(inner.data)
    return Value(parts, span(code, node), sure)


def _joined(code: Code, node: ast.JoinedStr) -> Value:
    parts = [fold(code, part) for part in node.values]
    known = all(isinstance(part.data, str) for part in parts)
    text = "".join(part.data for part in parts) if known else UNKNOWN
    return Value(text, span(code, node), all(part.sure for part in parts))


def _unary(code: Code, node: ast.UnaryOp) -> Value:
    inner = fold(code, node.operand)
    data: Any = UNKNOWN
    if isinstance(inner.data, _PLAIN):
        if isinstance(node.op, ast.Not):
            data = not inner.data
        elif isinstance(node.op, ast.USub):
            data = -inner.data  # type: ignore[operator]
    return Value(data, span(code, node), inner.sure)


def _binary(code: Code, node: ast.BinOp) -> Value:
    left, right = fold(code, node.left), fold(code, node.right)
    sure, here = left.sure and right.sure, span(code, node)
    numbers = all(isinstance(v.data, (int, float)) for v in (left, right))
    if isinstance(node.op, ast.Pow) and numbers and abs(right.data) <= 64 and abs(left.data) <= 1e6:
        return Value(left.data**right.data, here, sure)
    if isinstance(left.data, list) and isinstance(right.data, list) and isinstance(node.op, ast.Add):
        return Value(left.data + right.data, here, sure)
    if (
        isinstance(left.data, Settings)
        and isinstance(right.data, Settings)
        and isinstance(node.op, ast.BitOr)
    ):
        return Value(values.joined(left.data, right.data), here, sure)
    action = _BINARY.get(type(node.op))
    if action is None or not all(isinstance(v.data, _PLAIN) for v in (left, right)):
        return Value(UNKNOWN, here)
    if isinstance(left.data, str) and not isinstance(node.op, ast.Add):
        return Value(UNKNOWN, here)  # "x" * 10**9, "%s" % x
    data = action(left.data, right.data)
    return Value(data if not isinstance(data, str) or len(data) < _LONG else UNKNOWN, here, sure)


def _boolean(code: Code, node: ast.BoolOp) -> Value:
    stop = isinstance(node.op, ast.Or)
    sure, last = True, Value(UNKNOWN, span(code, node))
    for part in node.values:
        last = fold(code, part)
        sure = sure and last.sure
        if not isinstance(last.data, (*_PLAIN, list)):
            return Value(UNKNOWN, span(code, node))
        if bool(last.data) is stop:
            break
    return Value(last.data, last.span, sure)


def _compare(code: Code, node: ast.Compare) -> Value:
    here = span(code, node)
    if len(node.ops) != 1:
        return Value(UNKNOWN, here)
    left, right = fold(code, node.left), fold(code, node.comparators[0])
    action = _COMPARE.get(type(node.ops[0]))
    known = all(
        isinstance(v.data, _PLAIN) or (isinstance(v.data, list) and UNKNOWN not in v.data)
        for v in (left, right)
    )
    if action is None or not known:
        return Value(UNKNOWN, here)
    return Value(bool(action(left.data, right.data)), here, left.sure and right.sure)


def _name(code: Code, node: ast.Name) -> Value:
    here = place(code, node)
    binding, bound = holding(node.id, here)
    if binding is None:
        full = canonical(code, node)
        return Value(Symbol(full) if full and not bound else UNKNOWN, span(code, node))
    return _bound(code, node, binding)


def _bound(code: Code, node: ast.Name, binding: Binding) -> Value:
    here = span(code, node)
    if binding.kind == "assign" and binding.value is not None:
        found = fold(code, binding.value)
        return values.changed(code, node.id, binding, place(code, node), found, fold)
    if binding.kind == "unpack" and binding.value is not None:
        whole = fold(code, binding.value)
        if isinstance(whole.data, list) and binding.index < len(whole.data):
            return Value(whole.data[binding.index], whole.span, whole.sure)
    if binding.kind == "parameter":
        return arguments.parameter(code, binding, fold) or Value(UNKNOWN, here)
    if binding.kind == "import":
        return Value(Symbol(canonical(code, node) or binding.name), here)
    return Value(UNKNOWN, here)


def _attribute(code: Code, node: ast.Attribute) -> Value:
    here = span(code, node)
    full = canonical(code, node)
    if full and "." in full:
        return Value(Symbol(full), here)
    default = arguments.attribute(code, node, fold)
    if default is not None:
        return default
    inner = fold(code, node.value)
    if isinstance(inner.data, Settings) and node.attr in inner.data.items:
        return inner.data.items[node.attr].value
    return Value(UNKNOWN, here)


def _subscript(code: Code, node: ast.Subscript) -> Value:
    inner, key = fold(code, node.value), fold(code, node.slice)
    if isinstance(inner.data, Settings) and isinstance(key.data, str):
        item = inner.data.items.get(key.data)
        if item is not None:
            return item.value
    if (
        isinstance(inner.data, list)
        and isinstance(key.data, int)
        and -len(inner.data) <= key.data < len(inner.data)
    ):
        return Value(inner.data[key.data], inner.span, inner.sure)
    return Value(UNKNOWN, span(code, node))
