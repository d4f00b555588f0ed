"""Where each name of a Python text gets its values, and which of them holds at a place.

Only what is sure counts: where a branch, a loop or another function can decide, the answer is that it
is not known.
"""

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

BindingKind = Literal["assign", "unpack", "import", "def", "class", "parameter", "other"]
Step = tuple[int, str]
"""A block on the way to a statement: the id of the `if`, `for`, … that owns it, and which of its parts."""

_LOOPS = ("loop",)
MANY = 200
"""Who assigns a name more often than that wants to keep us busy: its value counts as unknown."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a statement stands: its scope, the blocks around it, its number in the text, and whether
    it runs only if a test of versions or of what exists allows it."""

    scope: "Scope"
    path: tuple[Step, ...]
    order: int
    guarded: bool
    hidden: frozenset[str] = frozenset()
    """Names that a comprehension or lambda around it gives another meaning."""


@dataclass(frozen=True, slots=True)
class Binding:
    """One way in which a name gets a value: `value` is the expression, `node` the statement or
    argument; `index` the position where a sequence is unpacked; `name` the imported full name."""

    kind: BindingKind
    node: ast.AST
    place: Place
    value: ast.expr | None = None
    index: int = 0
    name: str = ""


@dataclass(frozen=True, slots=True)
class Change:
    """`x["key"] = value`, `x.key = value` (value None: some other way of changing it)."""

    kind: Literal["item", "attribute", "call"]
    key: str | None
    value: ast.expr | None
    node: ast.AST
    target: ast.AST
    place: Place


@dataclass(slots=True)
class Scope:
    """A module, function, lambda or class body."""

    node: ast.AST
    parent: "Scope | None"
    bindings: dict[str, list[Binding]] = field(default_factory=dict)
    changes: dict[str, list[Change]] = field(default_factory=dict)
    elsewhere: set[str] = field(default_factory=set)
    """Names that `global` or `nonlocal` gives away."""

    def lookup(self, name: str) -> "Scope | None":
        """The scope whose name this is, as Python would find it."""
        scope: Scope | None = self
        first = True
        while scope is not None:
            usable = first or not isinstance(scope.node, ast.ClassDef)
            if usable and name in scope.bindings and name not in scope.elsewhere:
                return scope
            scope, first = scope.parent, False
        return None


def holding(name: str, place: Place) -> tuple[Binding | None, bool]:
    """The binding that surely holds there, and whether the name is bound at all in the text."""
    if name in place.hidden:
        return None, True
    scope = place.scope.lookup(name)
    if scope is None:
        return None, False
    bindings = scope.bindings[name]
    if len(bindings) > MANY:
        return None, True
    if scope is not place.scope:
        return (bindings[0] if len(bindings) == 1 and not _given_away(name, scope) else None), True
    before = [b for b in bindings if b.place.order < place.order and _leads(b.place, place)]
    if not before:
        return None, True
    last = max(before, key=lambda binding: binding.place.order)
    for other in bindings:
        if other is not last and _between(other.place, last.place, place):
            return None, True
    return last, True


def too_changed(name: str, binding: Binding) -> bool:
    """Whether the object is changed so often that nothing is known of it."""
    return len(binding.place.scope.changes.get(name, ())) > MANY


def changes_before(name: str, binding: Binding, place: Place | None) -> Iterator[tuple[Change, bool]]:
    """What was changed in the bound object before a place (None: at any time), and whether that
    surely happened."""
    for change in binding.place.scope.changes.get(name, ()):
        after = change.place.order > binding.place.order
        if not after or (place is not None and change.place.order >= place.order):
            continue
        if place is not None and _apart(change.place, place):
            continue
        yield change, change.place.path == binding.place.path


def _given_away(name: str, scope: Scope) -> bool:
    """Whether a function assigns this module name by `global`."""
    return name in _globals(scope)


def _globals(scope: Scope) -> set[str]:
    module = scope
    while module.parent is not None:
        module = module.parent
    return module.elsewhere


def _leads(earlier: Place, later: Place) -> bool:
    """Whether whoever comes to `later` has passed `earlier`, by the blocks around both."""
    return later.path[: len(earlier.path)] == earlier.path


def _between(other: Place, last: Place, use: Place) -> bool:
    """Whether another binding can take effect after the last one that surely holds."""
    if last.order < other.order < use.order:
        return not _apart(other, use)
    if other.order > use.order:
        common = _common(other.path, use.path)
        return any(step[1] in _LOOPS for step in common[len(last.path) :])
    return False


def _apart(one: Place, other: Place) -> bool:
    """Whether they stand in different branches of one `if`."""
    common = len(_common(one.path, other.path))
    if common == min(len(one.path), len(other.path)):
        return False
    left, right = one.path[common], other.path[common]
    looped = any(step[1] in _LOOPS for step in one.path[:common])
    return left[0] == right[0] and not looped


def _common(one: tuple[Step, ...], other: tuple[Step, ...]) -> tuple[Step, ...]:
    count = 0
    for left, right in zip(one, other, strict=False):
        if left != right:
            break
        count += 1
    return one[:count]
