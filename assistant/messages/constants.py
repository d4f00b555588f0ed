"""Texts that names of a module or a class hold from the start."""

import ast
import re
from collections.abc import Iterator, Sequence

from assistant.messages.model import Site
from assistant.messages.templates import MOST, Texts, is_text, templates

_MESSAGE_NAME = re.compile(r"ERR|MSG|MESSAGE|WARN", re.IGNORECASE)


def constants(body: Sequence[ast.stmt], prefix: str = "") -> Iterator[tuple[str, Texts]]:
    """Texts that names of a module or class hold from the start; those of a dictionary together."""
    for node in body:
        if isinstance(node, ast.ClassDef) and not prefix:
            yield from constants(node.body, f"{node.name}.")
            yield from constants(node.body, "self.")
            yield from constants(node.body, "cls.")
        value = node.value if isinstance(node, (ast.Assign, ast.AnnAssign)) else None
        if value is None or not isinstance(node, (ast.Assign, ast.AnnAssign)):
            continue
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        for target in targets:
            if not isinstance(target, ast.Name):
                continue
            if isinstance(value, ast.Dict):
                texts = tuple(
                    form for item in value.values for form in templates(item, {}) if is_text((form,))
                )
                if texts:
                    yield f"{prefix}{target.id}[]", texts[:MOST]
            elif isinstance(value, (ast.Constant, ast.JoinedStr, ast.BinOp, ast.Call)):
                texts = templates(value, {})
                if is_text(texts):
                    yield prefix + target.id, texts


def kept_texts(
    file: str, body: Sequence[ast.stmt], found: Sequence[tuple[Site, Texts]]
) -> Iterator[tuple[Site, Texts]]:
    """Texts of messages that a module keeps under a name and that reach an exception by a way that cannot
    be followed (a table, a lookup)."""
    used = {form for _, texts in found for form in texts}
    for node in body:
        if not (isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)):
            continue
        if _MESSAGE_NAME.search(node.targets[0].id) and isinstance(node.value, (ast.Constant, ast.BinOp)):
            made = ast.Call(ast.Attribute(node.value, "format", ast.Load()), [], [])
            texts = templates(made, {})
            sentences = any(isinstance(part, str) and part.count(" ") > 4 for form in texts for part in form)
            if sentences and not used & set(texts):
                end = node.end_lineno or node.lineno
                yield (
                    Site(file, node.lineno, end, node.lineno, node.targets[0].id, "", "text", "", (), ()),
                    texts,
                )
