"""Reads the public classes and functions out of a library's source files, without importing it.

Works on an installed package and on an unpacked wheel alike. Arguments come from `__init__`, from a
dataclass's fields, or from what `__init__` takes out of its keywords, with those of bases that were read too.
"""

import ast
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from assistant.reference import parameters
from assistant.reference.docstrings import parameter_docs, summary
from assistant.reference.exports import import_path, parsed
from assistant.reference.model import Kind, Parameter, Record

_ENUMS = frozenset({"Enum", "StrEnum", "IntEnum", "ExplicitEnum", "BaseEnum", "EnumWithContains"})


@dataclass(frozen=True, slots=True)
class Found:
    """A class or function in a file."""

    path: str
    package: str
    version: str
    file: str
    node: ast.ClassDef | ast.FunctionDef
    tables: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


def scan(package: str, version: str, root: Path, patterns: Iterable[str]) -> Iterator[Found]:
    """What the files of a package's folder define publicly at their top level, each file once."""
    seen: set[Path] = set()
    for pattern in patterns:
        for file in sorted(root.glob(pattern)):
            tree = parsed(file)
            if file in seen or tree is None:
                continue
            seen.add(file)
            tables = dict(_tables(tree)) if "auto" in file.parts else {}
            shown = file.relative_to(root.parent).as_posix()
            for node in _top(tree.body):
                if not node.name.startswith("_") or isinstance(node, ast.ClassDef):
                    path = import_path(node.name, package, root, file)
                    yield Found(path, package, version, shown, node, tables)


def _top(body: Sequence[ast.stmt]) -> Iterator[ast.ClassDef | ast.FunctionDef]:
    for node in body:
        if isinstance(node, ast.ClassDef | ast.FunctionDef):
            if not _is_overload(node):
                yield node
        elif isinstance(node, ast.If | ast.Try):
            yield from _top(node.body)


def _is_overload(node: ast.ClassDef | ast.FunctionDef) -> bool:
    return any(_last(each) == "overload" for each in node.decorator_list)


def _tables(tree: ast.Module) -> Iterator[tuple[str, Mapping[str, str]]]:
    """Class names by model type, of the tables that Auto classes choose from."""
    for node in tree.body:
        if isinstance(node, ast.Assign | ast.AnnAssign) and isinstance(node.value, ast.Call):
            target = node.targets[0] if isinstance(node, ast.Assign) else node.target
            if isinstance(target, ast.Name) and target.id.endswith("_MAPPING_NAMES"):
                yield target.id, dict(_pairs(node.value))


def _pairs(call: ast.Call) -> Iterator[tuple[str, str]]:
    for node in ast.walk(call):
        if isinstance(node, ast.Tuple) and len(node.elts) == 2 and isinstance(node.elts[0], ast.Constant):
            first = next(
                (
                    part.value
                    for part in ast.walk(node.elts[1])
                    if isinstance(part, ast.Constant) and isinstance(part.value, str)
                ),
                "",
            )
            if first:
                yield str(node.elts[0].value), first


def records(found: Sequence[Found]) -> Iterator[Record]:
    """A record for each public class, its methods, and each function; what is defined twice counts once."""
    classes: dict[str, Found] = {}
    for each in found:
        if isinstance(each.node, ast.ClassDef):
            classes.setdefault(f"{each.package}:{each.node.name}", each)
    made: set[str] = set()
    for each in found:
        if each.path in made or each.node.name.startswith("_"):
            continue
        made.add(each.path)
        if isinstance(each.node, ast.FunctionDef):
            yield _function(each, each.node, each.path, "function")
            continue
        record = _class(each, classes)
        yield record
        for node in _methods(each.node):
            path = f"{each.path}.{node.name}"
            if path not in made:
                made.add(path)
                yield _function(each, node, path, "method")


def _class(found: Found, classes: Mapping[str, Found]) -> Record:
    node = found.node
    assert isinstance(node, ast.ClassDef)
    doc = ast.get_docstring(node) or ""
    bases = [_last(base) for base in node.bases]
    values = _enum_values(node) if _ENUMS & set(bases) else ()
    kind: Kind = "enum" if values else "class"
    taken, is_open = _arguments(found, classes, ())
    members = values or tuple(_members(found, classes))
    base = _public_base(found, classes)
    return Record(
        found.path, found.package, found.version, kind, found.file, node.lineno, summary(doc), base,
        tuple(taken), members, _models(found, node), is_open,
    )  # fmt: skip


def _public_base(found: Found, classes: Mapping[str, Found]) -> str:
    """The nearest base that is public and was read."""
    node = found.node
    for name in [_last(base) for base in node.bases] if isinstance(node, ast.ClassDef) else ():
        key = _key(found, name, classes)
        if key:
            return _public_base(classes[key], classes) if name.startswith("_") else classes[key].path
    return ""


def _key(found: Found, name: str, classes: Mapping[str, Found]) -> str:
    """Where a base of this name was read: in the same package first, else in transformers."""
    own = f"{found.package}:{name}"
    if own in classes and classes[own] is not found:
        return own
    other = f"transformers:{name}"
    return other if other in classes and classes[other] is not found else ""


def _arguments(
    found: Found, classes: Mapping[str, Found], above: tuple[str, ...]
) -> tuple[list[Parameter], bool]:
    """A class's arguments, its own and inherited ones, and whether it takes others too."""
    node = found.node
    assert isinstance(node, ast.ClassDef)
    init = next(
        (part for part in node.body if isinstance(part, ast.FunctionDef) and part.name == "__init__"), None
    )
    doc = "\n".join(filter(None, [ast.get_docstring(node) or "", (init and ast.get_docstring(init)) or ""]))
    inherited: dict[str, Parameter] = {}
    is_open = False
    for name in reversed([_last(base) for base in node.bases]):
        key = _key(found, name, classes)
        if key and key not in above:
            taken, opened = _arguments(classes[key], classes, (*above, key))
            inherited |= {each.name: each for each in taken}
            is_open = is_open or opened
    if init is None:
        said = parameters.said(node)
        own = [
            replace(each, default=said.get(each.default, each.default))
            for each in parameters.fields(node)
            if not each.name.startswith("_")
        ]
        merged = inherited | {each.name: _merged(each, inherited.get(each.name)) for each in own}
    else:
        own = parameters.of_function(init)
        takes_more = init.args.kwarg is not None
        popped = list(parameters.popped(init)) if takes_more else []
        own = [*own, *(each for each in popped if each.name not in {o.name for o in own})]
        is_open = takes_more and not popped
        merged = {each.name: each for each in own}
        if takes_more and not popped:
            merged |= {name: each for name, each in inherited.items() if name not in merged}
    documented = parameter_docs(doc, frozenset(merged))
    used, settled = parameters.used_where_none(node), parameters.settled(node)
    names = {each.name for each in own}
    result = []
    for each in merged.values():
        text, default = documented.get(each.name, ("", ""))
        if each.name in names:
            each = replace(each, owner=each.owner or found.path)
        if text:
            each = replace(each, doc=text if len(text) >= len(each.doc) or each.name in names else each.doc)
        if each.default == "None" and each.name in used:
            each = replace(each, default=used[each.name])
        elif each.name in names and each.default == "…" and default:
            each = replace(each, default=default)
        if each.default == "None" and each.name in settled:
            each = replace(each, settled=settled[each.name])
        result.append(each)
    return result, is_open


def _merged(own: Parameter, inherited: Parameter | None) -> Parameter:
    if inherited is None:
        return own
    return replace(own, kind=own.kind or inherited.kind, doc=own.doc or inherited.doc)


def _function(found: Found, node: ast.FunctionDef, path: str, kind: Kind) -> Record:
    doc = ast.get_docstring(node) or ""
    taken = parameters.of_function(node)
    documented = parameter_docs(doc, frozenset(each.name for each in taken))
    described = [replace(each, doc=documented.get(each.name, ("", ""))[0], owner=path) for each in taken]
    is_open = node.args.kwarg is not None
    return Record(
        path,
        found.package,
        found.version,
        kind,
        found.file,
        node.lineno,
        summary(doc),
        "",
        tuple(described),
        open=is_open,
    )


def _methods(node: ast.ClassDef) -> Iterator[ast.FunctionDef]:
    for part in node.body:
        public = isinstance(part, ast.FunctionDef) and not part.name.startswith("_")
        if isinstance(part, ast.FunctionDef) and public and not _is_overload(part):
            yield part


def _members(
    found: Found, classes: Mapping[str, Found], above: tuple[str, ...] = ()
) -> Iterator[tuple[str, str]]:
    node = found.node
    assert isinstance(node, ast.ClassDef)
    seen: set[str] = set()
    for method in _methods(node):
        if method.name not in seen:
            seen.add(method.name)
            yield method.name, found.path
    for base in node.bases:
        key = _key(found, _last(base), classes)
        if key and key not in above:
            for name, owner in _members(classes[key], classes, (*above, key)):
                if name not in seen:
                    seen.add(name)
                    yield name, owner


def _enum_values(node: ast.ClassDef) -> tuple[tuple[str, str], ...]:
    return tuple(
        (part.targets[0].id, str(part.value.value))
        for part in node.body
        if isinstance(part, ast.Assign)
        and isinstance(part.targets[0], ast.Name)
        and isinstance(part.value, ast.Constant)
    )


def _models(found: Found, node: ast.ClassDef) -> tuple[tuple[str, str], ...]:
    for part in node.body:
        if (
            isinstance(part, ast.Assign)
            and isinstance(part.targets[0], ast.Name)
            and part.targets[0].id == "_model_mapping"
        ):
            return tuple(found.tables.get(f"{ast.unparse(part.value)}_NAMES", {}).items())
    return ()


def _last(node: ast.expr) -> str:
    """The last name of a base: `Generic` of `typing.Generic[T]`."""
    if isinstance(node, ast.Subscript):
        node = node.value
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")
