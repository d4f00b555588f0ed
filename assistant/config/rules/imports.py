"""Imports that fail, and names that are given twice."""

import ast
from collections.abc import Iterator

from assistant.config.edits import Edit
from assistant.config.python.code import place, span
from assistant.config.rules.names import table
from assistant.config.rules.rule import Context, Hit, on_file
from assistant.config.rules.versions import patched, versioned


@on_file
def removed_imports(context: Context) -> Iterator[Hit]:
    """R13: imports that fail."""
    if context.code is None or patched(context):
        return
    for node in ast.walk(context.code.tree):
        if not isinstance(node, ast.ImportFrom) or node.level:
            continue
        if place(context.code, node).guarded or _guarded(context, node):
            continue
        for alias in node.names:
            yield from _removed_import(context, node, alias)


def _guarded(context: Context, node: ast.ImportFrom) -> bool:
    """Whether the import may fail without harm, by the place of its binding."""
    assert context.code is not None
    for bindings in context.code.scope.bindings.values():
        if any(b.node is node and b.place.guarded for b in bindings):
            return True
    return False


def _removed_import(context: Context, node: ast.ImportFrom, alias: ast.alias) -> Iterator[Hit]:
    assert context.code is not None
    for row in table()["gone"]:
        if node.module != row["package"] or alias.name not in row["names"]:
            continue
        if not context.from_version(row["package"], row["since"]):
            continue
        here = span(context.code, alias)
        edits = (
            [Edit(here, row["new"] + (f" as {alias.asname}" if alias.asname else f" as {alias.name}"))]
            if "new" in row
            else []
        )
        why, how = ({"en": row["en"][n], "zh": row["zh"][n]} for n in (0, 1))
        words = {"name": alias.name, "package": row["package"], "version": versioned(context, row["package"])}
        yield Hit("R13", here, {**words, "why": why, "how": how}, edits)


@on_file
def repeated_arguments(context: Context) -> Iterator[Hit]:
    """Y02: a keyword twice in one call, which Python's compiler refuses."""
    for call in context.code.walk.calls if context.code else ():
        seen: set[str] = set()
        for keyword in call.keywords:
            if keyword.arg in seen and context.code:
                here = span(context.code, keyword)
                yield Hit("Y02", here, {"name": keyword.arg})
            seen.add(keyword.arg or "")


@on_file
def repeated_keys(context: Context) -> Iterator[Hit]:
    """Y03: a key twice in a YAML or JSON mapping."""
    if context.code is not None:
        return
    for settings in context.settings[:1]:
        for item in settings.repeated:
            yield Hit("Y03", item.span, {"name": item.key}, context.remove(item))
