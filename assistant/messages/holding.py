"""Which texts a name holds after an assignment, and where ways that part meet again."""

import ast
from collections.abc import Sequence

from assistant.messages.model import Hole
from assistant.messages.speaking import held_exception
from assistant.messages.templates import MOST, Texts, chained, forms, is_text, name_of, templates

_CAN_BE_TEXT = (
    ast.Constant,
    ast.JoinedStr,
    ast.BinOp,
    ast.Call,
    ast.IfExp,
    ast.Name,
    ast.Attribute,
    ast.BoolOp,
    ast.Subscript,
)


def grown(owner: ast.expr, item: ast.expr, known: dict[str, Texts]) -> None:
    """A list that texts are collected in: each of them, among others."""
    name = name_of(owner)
    texts = templates(item, known)
    if is_text(texts):
        before = known.get(name, ())
        among = chained([((Hole(name),),), texts, ((Hole(name),),)])
        known[name] = tuple(dict.fromkeys((*before, *among)))[-MOST:]


def assigned(node: ast.Assign | ast.AnnAssign, known: dict[str, Texts]) -> None:
    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
    names = [name_of(target) for target in targets if isinstance(target, (ast.Name, ast.Attribute))]
    if not names or node.value is None:
        return
    value = node.value
    texts = forms(value, known) if isinstance(value, _CAN_BE_TEXT) else ()
    held = held_exception(value, known) if isinstance(value, ast.Call) else ()
    for name in names:
        known.pop(name, None)
        known.pop(f"{name}!", None)
        if held:
            known[f"{name}!"] = held
        elif is_text(texts):
            known[name] = texts
        elif isinstance(value, ast.Dict):
            each = tuple(form for item in value.values for form in templates(item, known) if is_text((form,)))
            if each:
                known[f"{name}[]"] = each[:MOST]


def augmented(node: ast.AugAssign, known: dict[str, Texts]) -> None:
    if not isinstance(node.op, ast.Add) or not isinstance(node.target, (ast.Name, ast.Attribute)):
        return
    name = name_of(node.target)
    texts = templates(node.value, known)
    if name in known:
        known[name] = chained([known[name], texts])
    elif is_text(texts):
        known[name] = chained([((Hole(name),),), texts])


def merge(known: dict[str, Texts], ways: Sequence[dict[str, Texts]]) -> None:
    """What names hold after ways that part and meet again."""
    if len(ways) == 1:
        merged = ways[0]
    else:
        merged = {}
        for name in dict.fromkeys(name for way in ways for name in way):
            held = [way.get(name) or ((Hole(name),),) for way in ways]
            same = all(each is held[0] for each in held)
            merged[name] = (
                held[0] if same else tuple(dict.fromkeys(form for each in held for form in each))[:MOST]
            )
    known.clear()
    known.update(merged)
