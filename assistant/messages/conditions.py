"""What a condition of a library's source asks for: the same condition turned round, in Python's words."""

import ast
import re
from dataclasses import dataclass
from typing import Literal

from assistant.messages.model import Guard

_INVERSE: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Lt: ast.GtE,
    ast.GtE: ast.Lt,
    ast.Gt: ast.LtE,
    ast.LtE: ast.Gt,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
}
_NAME = re.compile(r"(?<![\w.])[A-Za-z_]\w*")


@dataclass(frozen=True, slots=True)
class Wish:
    """Conditions as source; all of them have to hold, or one of them is enough."""

    conditions: tuple[str, ...]
    how: Literal["all", "any"]


def failed(guard: Guard) -> str:
    """The condition that held when the message was made, as source."""
    if not guard.negated:
        return guard.test
    wish = satisfied(Guard(guard.test, False))
    if wish is None or not wish.conditions:
        return f"not ({guard.test})"
    return (" and " if wish.how == "all" else " or ").join(wish.conditions)


def satisfied(guard: Guard) -> Wish | None:
    """What has to hold for the message not to come; None where that cannot be said (an `except`, a `case`,
    a condition that was cut)."""
    try:
        test = ast.parse(guard.test, mode="eval").body
    except (SyntaxError, ValueError, RecursionError):
        return None
    return _wish(test, guard.negated)


def names(guard: Guard) -> list[str]:
    """The names that a condition speaks of."""
    return list(dict.fromkeys(_NAME.findall(re.sub(r"'[^']*'|\"[^\"]*\"", "", guard.test))))


def _wish(test: ast.expr, true: bool) -> Wish:
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        return _wish(test.operand, not true)
    if isinstance(test, ast.BoolOp):
        every = isinstance(test.op, ast.And) == true
        return Wish(tuple(_source(part, true) for part in test.values), "all" if every else "any")
    return Wish((_source(test, true),), "all")


def _source(test: ast.expr, true: bool) -> str:
    if true:
        return ast.unparse(test)
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        return ast.unparse(test.operand)
    if isinstance(test, ast.Compare) and len(test.ops) == 1:
        inverse = _INVERSE[type(test.ops[0])]()
        return ast.unparse(ast.Compare(test.left, [inverse], test.comparators))
    plain = isinstance(test, (ast.Name, ast.Attribute, ast.Call, ast.Subscript))
    return f"not {ast.unparse(test)}" if plain else f"not ({ast.unparse(test)})"
