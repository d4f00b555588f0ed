"""All settings that a Python text makes, each as it is at the end: with what is assigned to it later."""

import ast
from collections.abc import Sequence
from dataclasses import replace

from assistant.config.python.code import Code
from assistant.config.python.fold import fold
from assistant.config.python.scopes import Binding, Scope, changes_before, too_changed
from assistant.config.python.values import after
from assistant.config.settings import Settings


def python_settings(code: Code) -> Sequence[Settings]:
    """In the order of the text."""
    bindings = _by_value(code)
    found: list[Settings] = []
    for call in sorted(code.walk.calls, key=lambda call: (call.lineno, call.col_offset)):
        settings = fold(code, call).data
        if not isinstance(settings, Settings) or settings.kind == "mapping":
            continue
        named = bindings.get(id(call))
        if named is not None and not too_changed(*named):
            name, binding = named
            for change, surely in changes_before(name, binding, None):
                settings = after(code, settings, change, surely, fold)
            settings = replace(settings, name=name)
        found.append(settings)
    return found


def _by_value(code: Code) -> dict[int, tuple[str, Binding]]:
    """Names by the expression that is assigned to them."""
    scopes: dict[int, Scope] = {id(code.scope): code.scope}
    for where in code.walk.places.values():
        scopes.setdefault(id(where.scope), where.scope)
    return {
        id(binding.value): (name, binding)
        for scope in scopes.values()
        for name, bindings in scope.bindings.items()
        for binding in bindings
        if binding.kind == "assign" and isinstance(binding.value, ast.Call)
    }
