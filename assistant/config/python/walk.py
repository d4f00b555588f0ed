"""One walk over a tree: every scope with what is bound and changed in it, every expression's place."""

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from assistant.config.python.scopes import Binding, Change, Place, Scope, Step


@dataclass(slots=True)
class Walk:
    """What a walk over the tree collects. `places`: the statement's place for every expression."""

    places: dict[int, Place] = field(default_factory=dict)
    calls: list[ast.Call] = field(default_factory=list)
    assignments: list[tuple[ast.expr, ast.expr, Place]] = field(default_factory=list)
    order: int = 0


def walked(tree: ast.Module) -> tuple[Scope, Walk]:
    """The module's scope with all that is bound in it, and the places of its expressions."""
    scope, walk = Scope(tree, None), Walk()
    _block(tree.body, scope, (), False, walk)
    return scope, walk


def _block(body: Iterable[ast.stmt], scope: Scope, path: tuple[Step, ...], guarded: bool, walk: Walk) -> None:
    for statement in body:
        walk.order += 1
        place = Place(scope, path, walk.order, guarded)
        _statement(statement, place, walk)


def _statement(node: ast.stmt, place: Place, walk: Walk) -> None:
    scope, path, guarded = place.scope, place.path, place.guarded
    for expression in _expressions(node):
        _expression(expression, place, walk)
    for name, binding in _bound(node, place):
        scope.bindings.setdefault(name, []).append(binding)
    for name, change in _changed(node, place):
        scope.changes.setdefault(name, []).append(change)
    if isinstance(node, (ast.Global, ast.Nonlocal)):
        scope.elsewhere.update(node.names)
        module = scope
        while module.parent is not None:
            module = module.parent
        if module is not scope:
            module.elsewhere.update(node.names)
    if isinstance(node, ast.Assign):
        walk.assignments += [(target, node.value, place) for target in node.targets]
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
        inner = Scope(node, scope)
        _parameters(node.args, inner, place)
        _block(node.body, inner, (), guarded, walk)
    elif isinstance(node, ast.ClassDef):
        _block(node.body, Scope(node, scope), (), guarded, walk)
    else:
        for part, body, transparent, checks in _bodies(node):
            inside = path if transparent else (*path, (id(node), part))
            _block(body, scope, inside, guarded or checks, walk)


def _bodies(node: ast.stmt) -> Iterator[tuple[str, list[ast.stmt], bool, bool]]:
    """The blocks of a statement: part, statements, whether they run whenever the statement does, and
    whether a test of versions stands before them."""
    if isinstance(node, ast.If):
        main, checks = _is_main(node.test), _asks_what_exists(node.test)
        yield "if", node.body, main, checks
        yield "else", node.orelse, False, checks
    elif isinstance(node, (ast.For, ast.AsyncFor, ast.While)):
        yield "loop", node.body, False, False
        yield "else", node.orelse, False, False
    elif isinstance(node, (ast.With, ast.AsyncWith)):
        yield "with", node.body, True, False
    elif isinstance(node, (ast.Try, ast.TryStar)):
        yield "try", node.body, True, bool(node.handlers)
        for number, handler in enumerate(node.handlers):
            yield f"except{number}", handler.body, False, True
        yield "else", node.orelse, True, False
        yield "finally", node.finalbody, True, False
    elif isinstance(node, ast.Match):
        for number, case in enumerate(node.cases):
            yield f"case{number}", case.body, False, False


def _is_main(test: ast.expr) -> bool:
    return any(isinstance(node, ast.Name) and node.id == "__name__" for node in ast.walk(test))


def _asks_what_exists(test: ast.expr) -> bool:
    """A test of a version, or of what a library offers."""
    for node in ast.walk(test):
        word = node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""
        if "version" in word.lower() or word in ("hasattr", "signature", "find_spec", "parameters"):
            return True
    return False


def _expressions(node: ast.stmt) -> Iterator[ast.expr]:
    """The expressions of a statement that are not inside its blocks."""
    for name, value in ast.iter_fields(node):
        if name in ("body", "orelse", "finalbody", "handlers"):
            continue
        for part in value if isinstance(value, list) else [value]:
            if isinstance(part, ast.expr):
                yield part
            elif isinstance(part, ast.withitem):
                yield part.context_expr
            elif isinstance(part, ast.keyword):
                yield part.value
            elif isinstance(part, ast.arguments):
                yield from (default for default in (*part.defaults, *part.kw_defaults) if default)
            elif isinstance(part, ast.match_case) and part.guard:
                yield part.guard


def _expression(node: ast.AST, place: Place, walk: Walk) -> None:
    """Notes the place of every expression below, with names hidden by lambdas and comprehensions."""
    stack = [(node, place)]
    while stack:
        current, here = stack.pop()
        walk.places[id(current)] = here
        if isinstance(current, ast.Call):
            walk.calls.append(current)
        hidden = _hides(current)
        if hidden:
            here = Place(here.scope, here.path, here.order, here.guarded, here.hidden | hidden)
        if isinstance(current, ast.NamedExpr) and isinstance(current.target, ast.Name):
            here.scope.bindings.setdefault(current.target.id, []).append(Binding("other", current, here))
        stack += [(child, here) for child in ast.iter_child_nodes(current)]


def _hides(node: ast.AST) -> frozenset[str]:
    if isinstance(node, ast.Lambda):
        return frozenset(argument.arg for argument in _arguments(node.args))
    if isinstance(node, (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)):
        targets = [part.target for part in node.generators]
        return frozenset(name.id for t in targets for name in ast.walk(t) if isinstance(name, ast.Name))
    return frozenset()


def _arguments(arguments: ast.arguments) -> list[ast.arg]:
    more = [part for part in (arguments.vararg, arguments.kwarg) if part]
    return [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, *more]


def _parameters(arguments: ast.arguments, scope: Scope, place: Place) -> None:
    inside = Place(scope, (), 0, place.guarded)
    plain = [*arguments.posonlyargs, *arguments.args]
    defaults: list[ast.expr | None] = [None] * (len(plain) - len(arguments.defaults))
    defaults += [*arguments.defaults, *arguments.kw_defaults]
    for argument, default in zip([*plain, *arguments.kwonlyargs], defaults, strict=False):
        scope.bindings[argument.arg] = [Binding("parameter", argument, inside, default)]
    for extra in (arguments.vararg, arguments.kwarg):
        if extra:
            scope.bindings[extra.arg] = [Binding("other", extra, inside)]


def _bound(node: ast.stmt, place: Place) -> Iterator[tuple[str, Binding]]:
    if isinstance(node, ast.Assign):
        for target in node.targets:
            yield from _target(target, node.value, place)
    elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
        if node.value is not None:
            yield node.target.id, Binding("assign", node, place, node.value)
    elif isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name):
        yield node.target.id, Binding("other", node, place)
    elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
        yield node.name, Binding("def", node, place)
    elif isinstance(node, ast.ClassDef):
        yield node.name, Binding("class", node, place)
    elif isinstance(node, ast.Import):
        for alias in node.names:
            full = alias.name if alias.asname else alias.name.split(".")[0]
            yield alias.asname or full, Binding("import", node, place, name=full)
    elif isinstance(node, ast.ImportFrom):
        module = "." * node.level + (node.module or "")
        for alias in node.names:
            if alias.name != "*":
                yield (
                    alias.asname or alias.name,
                    Binding("import", node, place, name=f"{module}.{alias.name}"),
                )
    else:
        for target in _other_targets(node):
            for name in ast.walk(target):
                if isinstance(name, ast.Name):
                    yield name.id, Binding("other", node, place)


def _target(target: ast.expr, value: ast.expr, place: Place) -> Iterator[tuple[str, Binding]]:
    if isinstance(target, ast.Name):
        yield target.id, Binding("assign", target, place, value)
    elif isinstance(target, (ast.Tuple, ast.List)):
        parts = value.elts if isinstance(value, (ast.Tuple, ast.List)) else []
        same = len(parts) == len(target.elts) and not any(isinstance(part, ast.Starred) for part in parts)
        for index, part in enumerate(target.elts):
            if isinstance(part, ast.Name) and same:
                yield part.id, Binding("assign", part, place, parts[index])
            else:
                for name in ast.walk(part):
                    if isinstance(name, ast.Name):
                        yield name.id, Binding("unpack", name, place, value, index)


def _other_targets(node: ast.stmt) -> Iterator[ast.expr]:
    if isinstance(node, (ast.For, ast.AsyncFor)):
        yield node.target
    elif isinstance(node, (ast.With, ast.AsyncWith)):
        yield from (item.optional_vars for item in node.items if item.optional_vars)
    elif isinstance(node, ast.Delete):
        yield from (target for target in node.targets if isinstance(target, ast.Name))


def _changed(node: ast.stmt, place: Place) -> Iterator[tuple[str, Change]]:
    targets: list[tuple[ast.expr, ast.expr | None]] = []
    if isinstance(node, ast.Assign):
        targets = [(target, node.value) for target in node.targets]
    elif isinstance(node, (ast.AugAssign, ast.AnnAssign)):
        targets = [(node.target, None)]
    elif isinstance(node, ast.Delete):
        targets = [(target, None) for target in node.targets]
    elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
        function = node.value.func
        if isinstance(function, ast.Attribute) and isinstance(function.value, ast.Name):
            yield function.value.id, Change("call", function.attr, node.value, node, function, place)
    for target, value in targets:
        if isinstance(target, ast.Subscript) and isinstance(target.value, ast.Name):
            key = target.slice.value if isinstance(target.slice, ast.Constant) else None
            word = key if isinstance(key, str) else None
            yield target.value.id, Change("item", word, value, node, target, place)
        elif isinstance(target, ast.Attribute) and isinstance(target.value, ast.Name):
            yield target.value.id, Change("attribute", target.attr, value, node, target, place)
