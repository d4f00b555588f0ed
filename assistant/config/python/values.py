"""Mappings and calls as values: what a dict holds after its changes, what a call sets up."""

import ast
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from assistant.config.python import calls
from assistant.config.python.code import Code, canonical, span
from assistant.config.python.scopes import Binding, Change, Place, changes_before, too_changed
from assistant.config.settings import UNKNOWN, Item, Layout, Settings, Symbol, Value

Fold = Callable[[Code, ast.expr], Value]

_CONVERSIONS: dict[str, Callable[[Any], Any]] = {
    "int": int,
    "float": float,
    "str": str,
    "bool": bool,
    "abs": abs,
    "round": round,
    "len": len,
}
_GIVES_ITSELF = ("to", "cuda", "cpu", "eval", "train", "requires_grad_")
_DTYPES = {"half": "float16", "bfloat16": "bfloat16", "float": "float32"}
_MUTATING = frozenset(
    {"append", "extend", "insert", "remove", "pop", "clear", "update", "setdefault", "add", "popitem"}
)


def mapping(code: Code, node: ast.Dict, fold: Fold) -> Value:
    """A dict display; `open` where a key or a `**part` is not known."""
    items: dict[str, Item] = {}
    unknown = False
    for key, inner in zip(node.keys, node.values, strict=True):
        if key is None:
            part = fold(code, inner).data
            if isinstance(part, Settings) and part.kind == "mapping":
                items |= part.items
                unknown = unknown or part.open
            else:
                unknown = True
            continue
        name = fold(code, key).data
        if isinstance(name, str):
            items[name] = _pair(code, key, inner, name, fold)
        elif not isinstance(name, (int, float, bool, type(None))):
            unknown = True
    here = span(code, node)
    return Value(Settings("mapping", items, here, "dict", open=unknown), here)


def _pair(code: Code, key: ast.expr, inner: ast.expr, name: str, fold: Fold) -> Item:
    key_span, value_span = span(code, key), span(code, inner)
    return Item(name, fold(code, inner), replace(key_span, end=value_span.end), key_span, "dict")


def joined(one: Settings, other: Settings) -> Settings:
    """`one | other`."""
    return replace(one, items={**one.items, **other.items}, open=one.open or other.open)


def called(code: Code, node: ast.Call, fold: Fold) -> Value:
    """What a call gives: an object of the libraries as Settings, a dict, or a plain conversion."""
    here = span(code, node)
    settings = calls.settings(code, node, fold)
    if settings is not None:
        return Value(settings, here)
    same = _same_object(code, node, fold)
    if same is not None:
        return same
    name = node.func.id if isinstance(node.func, ast.Name) else ""
    if name == "dict" and len(node.args) <= 1:
        return _dict_call(code, node, fold)
    full = canonical(code, node.func) or ""
    if name in _CONVERSIONS and len(node.args) == 1 and not node.keywords:
        inner = fold(code, node.args[0])
        plain = isinstance(inner.data, (int, float, str, bool)) or (
            name == "len" and isinstance(inner.data, list)
        )
        return Value(_CONVERSIONS[name](inner.data) if plain else UNKNOWN, here, inner.sure)
    if name in ("list", "tuple", "set") and len(node.args) == 1:
        inner = fold(code, node.args[0])
        return inner if isinstance(inner.data, list) else Value(UNKNOWN, here)
    if full in ("os.environ.get", "os.getenv"):
        return Value(fold(code, node.args[1]).data if len(node.args) == 2 else UNKNOWN, here, sure=False)
    if full == "os.path.join" or name in ("Path",):
        parts = [fold(code, part).data for part in node.args]
        return Value("/".join(parts) if all(isinstance(p, str) for p in parts) else UNKNOWN, here)
    if name == "getattr" and len(node.args) >= 2 and canonical(code, node.args[0]) == "torch":
        word = fold(code, node.args[1])
        return Value(
            Symbol(f"torch.{word.data}") if isinstance(word.data, str) else UNKNOWN, word.span, word.sure
        )
    return Value(UNKNOWN, here)


def _same_object(code: Code, node: ast.Call, fold: Fold) -> Value | None:
    """`model.to("cuda")` and the like give the model back, perhaps in another type."""
    if not isinstance(node.func, ast.Attribute) or node.func.attr not in (*_GIVES_ITSELF, *_DTYPES):
        return None
    inner = fold(code, node.func.value)
    if not isinstance(inner.data, Settings) or inner.data.kind == "mapping":
        return None
    dtype = _DTYPES.get(node.func.attr)
    if dtype is None:
        return inner
    here = span(code, node)
    item = Item("dtype", Value(Symbol(f"torch.{dtype}"), here), here, here, "attribute")
    return replace(inner, data=replace(inner.data, items={**inner.data.items, "dtype": item}))


def _dict_call(code: Code, node: ast.Call, fold: Fold) -> Value:
    here = span(code, node)
    first = fold(code, node.args[0]).data if node.args else None
    base = first if isinstance(first, Settings) else None
    items = dict(base.items) if base else {}
    unknown = base.open if base else bool(node.args)
    for keyword in node.keywords:
        if keyword.arg is None:
            part = fold(code, keyword.value).data
            if isinstance(part, Settings):
                items |= part.items
                unknown = unknown or part.open
            else:
                unknown = True
        else:
            items[keyword.arg] = calls.keyword_item(code, keyword, fold)
    return Value(Settings("mapping", items, here, "call", open=unknown), here)


def changed(code: Code, name: str, binding: Binding, where: Place, found: Value, fold: Fold) -> Value:
    """A bound value as it is at a place, after what was changed in it on the way there."""
    if too_changed(name, binding):
        return Value(UNKNOWN, found.span)
    if isinstance(found.data, list):
        touched = [
            c for c, _ in changes_before(name, binding, where) if c.kind == "item" or c.key in _MUTATING
        ]
        return Value(UNKNOWN, found.span) if touched else found
    if not isinstance(found.data, Settings):
        return found
    settings = found.data
    for change, surely in changes_before(name, binding, where):
        settings = after(code, settings, change, surely, fold)
    return replace(found, data=settings)


def after(code: Code, settings: Settings, change: Change, surely: bool, fold: Fold) -> Settings:
    """The settings after one change; what may or may not have happened makes its item unknown."""
    if change.kind == "call":
        if change.key in ("update", "setdefault", "pop", "clear", "popitem") and settings.kind == "mapping":
            return _after_call(code, settings, change, surely, fold)
        return settings
    if settings.kind == "mapping" and change.kind == "attribute":
        return settings
    if change.key is None:
        return replace(settings, open=True) if settings.kind == "mapping" else settings
    value = fold(code, change.value) if change.value is not None and surely else None
    whole, target = span(code, change.node), span(code, change.target)
    layout: Layout = "attribute" if change.kind == "attribute" else "item"
    key_span = replace(target, start=target.end - len(change.key))
    if isinstance(change.target, ast.Subscript):
        key_span = span(code, change.target.slice)
    item = Item(change.key, value or Value(UNKNOWN, target), whole, key_span, layout, perhaps=not surely)
    return replace(settings, items={**settings.items, change.key: item})


def _after_call(code: Code, settings: Settings, change: Change, surely: bool, fold: Fold) -> Settings:
    call = change.value
    if change.key == "update" and surely and isinstance(call, ast.Call):
        part = _dict_call(code, call, fold).data
        if isinstance(part, Settings):
            return joined(settings, part)
    unknown = {
        name: replace(item, value=Value(UNKNOWN, item.value.span)) for name, item in settings.items.items()
    }
    first = call.args[0] if isinstance(call, ast.Call) and call.args else None
    if (
        change.key in ("pop", "setdefault")
        and isinstance(first, ast.Constant)
        and isinstance(first.value, str)
    ):
        kept = {name: item for name, item in settings.items.items() if name != first.value}
        gone = {first.value: unknown[first.value]} if first.value in unknown else {}
        return replace(settings, items={**kept, **gone}, open=settings.open or change.key == "setdefault")
    return replace(settings, items=unknown, open=True)
