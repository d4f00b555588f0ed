"""Walks a module's statements in the order in which they run, knowing which texts names hold and which
conditions lead to each statement, and finds what is said where."""

import ast
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from assistant.messages.constants import constants, kept_texts
from assistant.messages.holding import assigned, augmented, grown, merge
from assistant.messages.model import Guard, Site
from assistant.messages.speaking import OWN, Saying, asserted, held_exception, raised, said
from assistant.messages.templates import Texts, name_of, templates

_ENDING = (ast.Return, ast.Raise, ast.Continue, ast.Break)
_NEAREST = 4
_LONGEST_GUARD = 400


@dataclass(frozen=True, slots=True)
class _Place:
    """Where the walk is."""

    function: str = "<module>"
    owner: str = ""
    arguments: tuple[str, ...] = ()
    guards: tuple[tuple[ast.expr | str, bool, int], ...] = ()


@dataclass(slots=True)
class _Walk:
    file: str
    found: list[tuple[Site, Texts]] = field(default_factory=list)
    written: dict[int, str] = field(default_factory=dict)


def sites(file: str, module: ast.Module) -> list[tuple[Site, Texts]]:
    """Everything that a parsed file can say. `file` is what the sites are to name."""
    walk = _Walk(file)
    known = dict(constants(module.body))
    known.update(_returned(module.body, known))
    _block(module.body, known, _Place(), walk)
    return [*walk.found, *kept_texts(file, module.body, walk.found)]


def _returned(body: Sequence[ast.stmt], known: Mapping[str, Texts]) -> Iterator[tuple[str, Texts]]:
    """Texts that small functions of the module return, by `name()`."""
    for node in body:
        if isinstance(node, ast.ClassDef):
            yield from _returned(node.body, known)
        if not isinstance(node, ast.FunctionDef) or len(node.body) > 25:
            continue
        last = node.body[-1]
        if isinstance(last, ast.Return) and isinstance(
            last.value, (ast.JoinedStr, ast.Constant, ast.BinOp, ast.Name, ast.Call)
        ):
            local = dict(known)
            _block(node.body[:-1], local, _Place(), _Walk(""))
            made = held_exception(last.value, local) if isinstance(last.value, ast.Call) else ()
            texts = tuple(form[1:] for form in made) or templates(last.value, local)
            if any(isinstance(part, str) and " " in part for form in texts for part in form):
                yield f"{node.name}()", texts


def _held(
    node: ast.Assign | ast.AnnAssign | ast.AugAssign, known: dict[str, Texts], place: _Place, walk: _Walk
) -> None:
    if isinstance(node, ast.AugAssign):
        augmented(node, known)
    else:
        assigned(node, known)


def _block(body: Sequence[ast.stmt], known: dict[str, Texts], place: _Place, walk: _Walk) -> None:
    for node in body:
        step = _STEPS.get(type(node))
        if step:
            place = step(node, known, place, walk) or place


def _raise(node: ast.Raise, known: dict[str, Texts], place: _Place, walk: _Walk) -> None:
    if node.exc is not None:
        _note(node, raised(node, known), place, walk)


def _assert(node: ast.Assert, known: dict[str, Texts], place: _Place, walk: _Walk) -> None:
    if node.msg is not None:
        _note(node, asserted(node, known), place, walk)


def _expression(node: ast.Expr, known: dict[str, Texts], place: _Place, walk: _Walk) -> None:
    call = node.value.value if isinstance(node.value, ast.Await) else node.value
    if not isinstance(call, ast.Call):
        return
    if (
        isinstance(call.func, ast.Attribute)
        and call.func.attr in ("append", "add", "extend", "insert")
        and call.args
    ):
        grown(call.func.value, call.args[-1], known)
        return
    _note(node, said(call, known), place, walk)


def _if(node: ast.If, known: dict[str, Texts], place: _Place, walk: _Walk) -> _Place:
    taken, other = dict(known), dict(known)
    _block(node.body, taken, _with(place, node.test, False, node.lineno), walk)
    _block(node.orelse, other, _with(place, node.test, True, node.lineno), walk)
    ends, other_ends = _ends(node.body), bool(node.orelse) and _ends(node.orelse)
    merge(known, [texts for texts, gone in ((taken, ends), (other, other_ends)) if not gone] or [taken])
    return _past(node, place)


def _past(node: ast.If, place: _Place) -> _Place:
    """What is known below an `if`: conditions whose branch leaves the block did not hold."""
    following: ast.stmt | None = node
    while isinstance(following, ast.If) and _ends(following.body):
        place = _with(place, following.test, True, following.lineno)
        following = following.orelse[0] if len(following.orelse) == 1 else None
    return place


def _ends(body: Sequence[ast.stmt]) -> bool:
    return isinstance(body[-1], _ENDING)


def _loop(
    node: ast.For | ast.AsyncFor | ast.While, known: dict[str, Texts], place: _Place, walk: _Walk
) -> None:
    inside = dict(known)
    if isinstance(node, ast.While):
        within = _with(place, node.test, False, node.lineno)
    else:
        inside.pop(name_of(node.target), None)
        within = place
    _block(node.body, inside, within, walk)
    merge(known, [known.copy(), inside])
    _block(node.orelse, known, place, walk)


def _with_statement(
    node: ast.With | ast.AsyncWith, known: dict[str, Texts], place: _Place, walk: _Walk
) -> None:
    _block(node.body, known, place, walk)


def _try(node: ast.Try, known: dict[str, Texts], place: _Place, walk: _Walk) -> None:
    before = dict(known)
    _block(node.body, known, place, walk)
    ways = [dict(known)]
    for handler in node.handlers:
        caught = dict(before)
        what = f"except {ast.unparse(handler.type)}" if handler.type else "except"
        _block(handler.body, caught, _with(place, what, False, handler.lineno), walk)
        if not _ends(handler.body):
            ways.append(caught)
    merge(known, ways)
    _block(node.orelse, known, place, walk)
    _block(node.finalbody, known, place, walk)


def _match(node: ast.Match, known: dict[str, Texts], place: _Place, walk: _Walk) -> None:
    ways = [dict(known)]
    for case in node.cases:
        inside = dict(known)
        what = f"match {ast.unparse(node.subject)}: case {ast.unparse(case.pattern)}"
        _block(case.body, inside, _with(place, what, False, case.pattern.lineno), walk)
        if not _ends(case.body):
            ways.append(inside)
    merge(known, ways)


def _function(
    node: ast.FunctionDef | ast.AsyncFunctionDef, known: dict[str, Texts], place: _Place, walk: _Walk
) -> None:
    taken = node.args
    names = [argument.arg for argument in (*taken.posonlyargs, *taken.args, *taken.kwonlyargs)]
    names += [argument.arg for argument in (taken.vararg, taken.kwarg) if argument]
    inside = {name: texts for name, texts in known.items() if name not in names}
    arguments = tuple(name for name in names if name not in ("self", "cls"))
    _block(node.body, inside, _Place(node.name, place.owner, arguments), walk)
    if place.function not in ("<module>", "<class>"):
        known.update(_returned([node], known))


def _class(node: ast.ClassDef, known: dict[str, Texts], place: _Place, walk: _Walk) -> None:
    _block(node.body, dict(known), _Place("<class>", node.name), walk)


def _with(place: _Place, test: ast.expr | str, negated: bool, line: int) -> _Place:
    return _Place(place.function, place.owner, place.arguments, (*place.guards, (test, negated, line)))


def _note(node: ast.stmt, saying: Saying | None, place: _Place, walk: _Walk) -> None:
    if saying is None or not walk.file:
        return
    guards = list(place.guards[-_NEAREST:])
    if saying.check is not None:
        guards.append((saying.check, True, node.lineno))
    end = node.end_lineno or node.lineno
    site = Site(
        file=walk.file,
        line=node.lineno,
        end=end,
        first=guards[-1][2] if guards else node.lineno,
        function=place.function,
        owner=place.owner,
        kind=saying.kind,
        exception=place.owner if saying.exception == OWN else saying.exception,
        guards=tuple(Guard(_written(test, walk), negated) for test, negated, _ in guards),
        arguments=place.arguments,
    )
    walk.found.append((site, saying.texts))


def _written(test: ast.expr | str, walk: _Walk) -> str:
    if isinstance(test, str):
        return test[:_LONGEST_GUARD]
    if id(test) not in walk.written:
        walk.written[id(test)] = ast.unparse(test)[:_LONGEST_GUARD]
    return walk.written[id(test)]


_STEPS: Mapping[type[ast.stmt], Callable[..., _Place | None]] = {
    ast.Raise: _raise,
    ast.Assert: _assert,
    ast.Expr: _expression,
    ast.Assign: _held,
    ast.AnnAssign: _held,
    ast.AugAssign: _held,
    ast.If: _if,
    ast.For: _loop,
    ast.AsyncFor: _loop,
    ast.While: _loop,
    ast.With: _with_statement,
    ast.AsyncWith: _with_statement,
    ast.Try: _try,
    ast.TryStar: _try,
    ast.Match: _match,
    ast.FunctionDef: _function,
    ast.AsyncFunctionDef: _function,
    ast.ClassDef: _class,
}
