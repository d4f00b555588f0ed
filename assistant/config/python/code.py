"""A Python text that was read: its tree, scopes and places, and the questions that one asks of it."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property

from assistant.config.python.names import dotted, free_names, short
from assistant.config.python.scopes import MANY, Binding, Place, Scope, holding
from assistant.config.python.walk import Walk, walked
from assistant.config.settings import Value
from assistant.config.source.text import Span, Text

_NOWHERE = Span(0, 0)


@dataclass(frozen=True)
class Code:
    """What the rules know of a Python text. `original` still has the shell lines of a notebook."""

    text: Text
    tree: ast.Module
    scope: Scope
    walk: Walk
    original: str
    folded: dict[int, Value] = field(default_factory=dict)
    """Values that were found before, by the expression's id."""
    busy: set[int] = field(default_factory=set)

    @cached_property
    def imports(self) -> frozenset[str]:
        """Full names of all that is imported anywhere, modules and what is taken from them."""
        names: set[str] = set()
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                names.update(alias.name for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.module:
                names.update({node.module, *(f"{node.module}.{alias.name}" for alias in node.names)})
        return frozenset(names)

    @cached_property
    def libraries(self) -> frozenset[str]:
        """Top-level packages that are imported anywhere."""
        return frozenset(name.split(".")[0] for name in self.imports)

    @cached_property
    def classes(self) -> dict[str, ast.ClassDef]:
        return {node.name: node for node in ast.walk(self.tree) if isinstance(node, ast.ClassDef)}

    @cached_property
    def functions(self) -> dict[str, list[ast.FunctionDef | ast.AsyncFunctionDef]]:
        found: dict[str, list[ast.FunctionDef | ast.AsyncFunctionDef]] = {}
        for node in ast.walk(self.tree):
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                found.setdefault(node.name, []).append(node)
        return found


def read(content: str, tree: ast.Module, original: str = "") -> Code:
    """`content` is what the tree was parsed from."""
    scope, walk = walked(tree)
    return Code(Text(content), tree, scope, walk, original or content)


def span(code: Code, node: ast.AST) -> Span:
    """Where an expression or statement stands."""
    line, column = getattr(node, "lineno", None), getattr(node, "col_offset", None)
    end_line, end = getattr(node, "end_lineno", None), getattr(node, "end_col_offset", None)
    if line is None or column is None or end_line is None or end is None:
        return _NOWHERE
    return Span(code.text.offset_of_bytes(line, column), code.text.offset_of_bytes(end_line, end))


def place(code: Code, node: ast.AST) -> Place:
    """Where an expression runs."""
    found = code.walk.places.get(id(node))
    return found or Place(code.scope, (), 10**9, False)


def canonical(code: Code, node: ast.expr, depth: int = 0) -> str | None:
    """The full name of a class, function or constant of a library; None if it is not one."""
    parts = dotted(node)
    if parts is None or depth > 10:
        return None
    base = node
    while isinstance(base, ast.Attribute):
        base = base.value
    name = _meaning(code, parts[0], place(code, base), depth)
    return short(".".join([name, *parts[1:]])) if name else None


def _meaning(code: Code, name: str, where: Place, depth: int) -> str | None:
    scope = where.scope.lookup(name)
    if scope is None or name in where.hidden:
        return None if name in where.hidden else free_names().get(name)
    if len(scope.bindings[name]) > MANY:
        return None
    imported = {short(b.name) for b in scope.bindings[name] if b.kind == "import"}
    others = [b for b in scope.bindings[name] if b.kind != "import" and not _is_none(b)]
    if len(imported) == 1 and not others:
        return next(iter(imported))
    binding, _ = holding(name, where)
    if binding is None:
        return None
    return _of_binding(code, binding, depth)


def _of_binding(code: Code, binding: Binding, depth: int) -> str | None:
    if binding.kind == "import":
        return short(binding.name)
    if binding.kind == "assign" and binding.value is not None:
        return canonical(code, binding.value, depth + 1)
    if isinstance(binding.node, ast.ClassDef):
        bases = [canonical(code, base, depth + 1) for base in binding.node.bases]
        return next((base for base in bases if base), None)
    return None


def _is_none(binding: Binding) -> bool:
    return isinstance(binding.value, ast.Constant) and binding.value.value is None


def local_class(code: Code, node: ast.expr) -> ast.ClassDef | None:
    """The class of this text that a name means, if it is one."""
    if isinstance(node, ast.Name):
        binding, _ = holding(node.id, place(code, node))
        if binding is not None and isinstance(binding.node, ast.ClassDef):
            return binding.node
    return None


def ancestors(code: Code, node: ast.ClassDef) -> Iterator[ast.ClassDef]:
    """The class and those of this text that it inherits from."""
    seen: set[int] = set()
    waiting = [node]
    while waiting:
        current = waiting.pop()
        if id(current) in seen:
            continue
        seen.add(id(current))
        yield current
        waiting += [c for base in current.bases if (c := local_class(code, base)) is not None]
