"""Expressions that make a text → templates: every form that the text can take, with named holes."""

import ast
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import product
from string import Formatter

from assistant.messages.model import Hole, Template

Texts = tuple[Template, ...]
Environment = Mapping[str, Texts]
MOST = 12
"""Forms of one text that are told apart; beyond, what varies becomes a hole."""
_KEEPING = frozenset({"strip", "lstrip", "rstrip", "dedent", "cleandoc", "_", "str", "fill", "expandtabs"})
_CHANGING = frozenset({"replace", "lower", "upper", "title", "capitalize", "removeprefix", "removesuffix"})
_PERCENT = re.compile(
    r"%(?:\((?P<key>[^)]*)\))?[#0\- +]*(?:\*|\d+)?(?:\.(?:\*|\d+))?[hlL]?(?P<type>[diouxXeEfFgGcrsa%])"
)
_LONGEST_NAME = 120


def templates(node: ast.expr, known: Environment) -> Texts:
    """The texts that an expression can be; one hole where nothing is known of it."""
    return forms(node, known) or ((Hole(name_of(node)),),)


def forms(node: ast.expr, known: Environment) -> Texts:
    """The texts that an expression can be; none where nothing is known of it."""
    read = _READERS.get(type(node))
    return read(node, known)[:MOST] if read else ()


def is_text(texts: Texts) -> bool:
    """Whether anything of the text stands in the source."""
    return any(isinstance(part, str) for template in texts for part in template) or () in texts


def name_of(node: ast.expr) -> str:
    """An expression as its source has it, on one line."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
        return f"{node.value.id}.{node.attr}"
    try:
        return " ".join(ast.unparse(node).split())[:_LONGEST_NAME]
    except (RecursionError, ValueError):
        return "…"


def joined(parts: Iterable[str | Hole]) -> Template:
    """A template of these parts: neighbouring literals made one, empty ones left out."""
    out: list[str | Hole] = []
    for part in parts:
        if part == "":
            continue
        if isinstance(part, str) and out and isinstance(out[-1], str):
            out[-1] += part
        else:
            out.append(part)
    return tuple(out)


def chained(pieces: Sequence[Texts]) -> Texts:
    """All texts made of one form of each piece; where they are too many, long lists of forms become holes."""
    kept = list(pieces)
    while _size(kept) > MOST:
        widest = max(range(len(kept)), key=lambda at: len(kept[at]))
        kept[widest] = kept[widest][: max(1, len(kept[widest]) // 2)]
    return tuple(dict.fromkeys(joined(part for piece in row for part in piece) for row in product(*kept)))


def _size(pieces: Sequence[Texts]) -> int:
    size = 1
    for piece in pieces:
        size *= len(piece)
    return size


def _constant(node: ast.Constant, known: Environment) -> Texts:
    if isinstance(node.value, str):
        return ((node.value,) if node.value else (),)
    return ((str(node.value),),) if isinstance(node.value, (int, float)) else ()


def _f_string(node: ast.JoinedStr, known: Environment) -> Texts:
    return chained([templates(value, known) for value in node.values]) if node.values else ((),)


def _filled(node: ast.FormattedValue, known: Environment) -> Texts:
    plain = node.conversion == -1 and node.format_spec is None
    return _inlined(node.value, known) if plain else ((Hole(name_of(node.value)),),)


def _inlined(node: ast.expr, known: Environment) -> Texts:
    """What is filled in: spelt out where it is itself a text of the source, else a hole with its name."""
    found = forms(node, known)
    return found if is_text(found) else ((Hole(name_of(node)),),)


def _name(node: ast.Name, known: Environment) -> Texts:
    return known.get(node.id, ())


def _attribute(node: ast.Attribute, known: Environment) -> Texts:
    found = known.get(f"{node.value.id}.{node.attr}", ()) if isinstance(node.value, ast.Name) else ()
    # a short text that an object holds is a setting, which another class or the user may have changed
    return found if any(isinstance(part, str) and " " in part for form in found for part in form) else ()


def _binary(node: ast.BinOp, known: Environment) -> Texts:
    if isinstance(node.op, ast.Add):
        return chained([templates(node.left, known), templates(node.right, known)])
    if isinstance(node.op, ast.Mod):
        left = templates(node.left, known)
        return _percent(left, node.right, known) if is_text(left) else ()
    if isinstance(node.op, ast.Mult) and isinstance(node.left, ast.Constant):
        return ((Hole(name_of(node)),),)
    return ()


def _percent(texts: Texts, values: ast.expr, known: Environment) -> Texts:
    listed = list(values.elts) if isinstance(values, ast.Tuple) else [values]
    named: dict[str, ast.expr] = {}
    if isinstance(values, ast.Dict):
        named = {
            key.value: value
            for key, value in zip(values.keys, values.values, strict=True)
            if isinstance(key, ast.Constant) and isinstance(key.value, str)
        }
    return percent(texts, listed, named, known)


def percent(
    texts: Texts, listed: Sequence[ast.expr], named: Mapping[str, ast.expr], known: Environment
) -> Texts:
    """Texts with `%` places filled by expressions, as `%` and loggers do it."""
    out: list[Template] = []
    for template in texts:
        left = iter(listed)
        pieces: list[Texts] = []
        for part in template:
            if isinstance(part, Hole):
                pieces.append(((part,),))
                continue
            done = 0
            for place in _PERCENT.finditer(part):
                pieces.append((joined([part[done : place.start()]]),))
                done = place.end()
                if place["type"] == "%":
                    pieces.append((("%",),))
                    continue
                value = named.get(place["key"]) if place["key"] is not None else next(left, None)
                pieces.append(
                    _inlined(value, known) if value is not None else ((Hole(place["key"] or "…"),),)
                )
            pieces.append((joined([part[done:]]),))
        out += chained(pieces)
    return tuple(dict.fromkeys(out))


def _call(node: ast.Call, known: Environment) -> Texts:
    function = node.func
    if isinstance(function, ast.Attribute):
        method = _METHODS.get(function.attr)
        if method:
            return method(node, function.value, known)
        if function.attr in _KEEPING:
            base = templates(function.value, known)
            if is_text(base):
                return base
            return templates(node.args[0], known) if node.args else ()
        if function.attr in _CHANGING:
            # the words mostly stay; where they do not, the text only fails to match
            base = templates(function.value, known)
            return base if is_text(base) else ()
        return known.get(f"{function.attr}()", ()) if isinstance(function.value, ast.Name) else ()
    if isinstance(function, ast.Name):
        if function.id in _KEEPING and node.args:
            return _inlined(node.args[0], known)
        return known.get(f"{function.id}()", ())
    return ()


def _format(node: ast.Call, base: ast.expr, known: Environment) -> Texts:
    texts = templates(base, known)
    if not is_text(texts):
        return ()
    named = {keyword.arg: keyword.value for keyword in node.keywords if keyword.arg}
    out: list[Template] = []
    for template in texts:
        pieces: list[Texts] = []
        following = 0
        for part in template:
            if isinstance(part, Hole):
                pieces.append(((part,),))
                continue
            for literal, field, spec, conversion in _fields(part):
                pieces.append((joined([literal]),))
                if field is None:
                    continue
                key = re.split(r"[.\[]", field)[0]
                if not key:
                    key, following = str(following), following + 1
                value = named.get(key)
                if value is None and key.isdigit() and int(key) < len(node.args):
                    value = node.args[int(key)]
                if value is None:
                    pieces.append(((Hole(field or "…"),),))
                elif spec or conversion or (field != key and not key.isdigit()):
                    pieces.append(((Hole(name_of(value)),),))
                else:
                    pieces.append(_inlined(value, known))
        out += chained(pieces)
    return tuple(dict.fromkeys(out))


def _fields(text: str) -> Iterable[tuple[str, str | None, str | None, str | None]]:
    try:
        return list(Formatter().parse(text))
    except ValueError:
        return [(text, None, None, None)]


def _join(node: ast.Call, base: ast.expr, known: Environment) -> Texts:
    if not node.args:
        return ()
    listed = node.args[0]
    if isinstance(listed, (ast.List, ast.Tuple)) and not any(isinstance(e, ast.Starred) for e in listed.elts):
        between = templates(base, known)
        pieces: list[Texts] = []
        for number, element in enumerate(listed.elts):
            pieces += [between] * bool(number) + [_inlined(element, known)]
        return chained(pieces) if pieces else ((),)
    texts = templates(listed, known)
    return texts if is_text(texts) and isinstance(listed, ast.Name) else ()


def _either(node: ast.IfExp, known: Environment) -> Texts:
    return _union(_inlined(node.body, known), _inlined(node.orelse, known))


def _any_of(node: ast.BoolOp, known: Environment) -> Texts:
    out: Texts = ()
    for value in node.values:
        out = _union(out, _inlined(value, known))
    return out if is_text(out) and isinstance(node.op, ast.Or) else ()


def _item(node: ast.Subscript, known: Environment) -> Texts:
    if isinstance(node.value, ast.Name):
        return known.get(f"{node.value.id}[]", ())
    return ()


def _union(one: Texts, other: Texts) -> Texts:
    return tuple(dict.fromkeys((*one, *other)))


_METHODS: Mapping[str, Callable[[ast.Call, ast.expr, Environment], Texts]] = {
    "format": _format,
    "join": _join,
}
_READERS: Mapping[type[ast.expr], Callable[..., Texts]] = {
    ast.Constant: _constant,
    ast.JoinedStr: _f_string,
    ast.FormattedValue: _filled,
    ast.Name: _name,
    ast.Attribute: _attribute,
    ast.BinOp: _binary,
    ast.Call: _call,
    ast.IfExp: _either,
    ast.BoolOp: _any_of,
    ast.Subscript: _item,
    ast.NamedExpr: lambda node, known: templates(node.value, known),
}
