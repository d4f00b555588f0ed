"""Looks names up in the installed libraries. A program of its own, run by `process.py` with the standard
library only, so that the server neither imports the libraries nor waits for one that hangs.

Reads {"packages": […], "aliases": {…}, "homes": […], "names": […], "members": bool} as JSON from stdin, writes
{"found": {name: record}, "missed": {name: [owner, near]}} to stdout; `near` are names like one that `owner` lacks. A record is {"path", "package",
"version", "kind", "signature", "doc"}. Names are only imported within the packages and looked up as
attributes: nothing that is found is called, and no name with a leading underscore is touched.
"""

import difflib
import importlib
import importlib.metadata
import importlib.util
import inspect
import json
import os
import re
import sys
from collections.abc import Iterator
from functools import cache
from types import ModuleType
from typing import Any

_NAME = re.compile(r"[A-Za-z]\w{0,80}(?:\.[A-Za-z]\w{0,80}){0,7}")
_NO_IMPORT = re.compile(r"\.(?:convert_\w+|tests?|test_\w+|setup|cli|commands|__main__)(?:\.|$)")
_DOCUMENTED = re.compile(r"^ {2,8}([a-z]\w*) \(`", re.MULTILINE)
_SIGNATURE, _DOC, _DEFAULT, _ANNOTATION = 700, 900, 40, 48
_STARS = {"VAR_POSITIONAL": "*", "VAR_KEYWORD": "**"}
_MISSING: Any = object()
_PARAMETERS: dict[int, tuple[Any, dict[str, inspect.Parameter]]] = {}


def main() -> None:
    asked = json.load(sys.stdin)
    output = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what libraries print on being imported is no result
    finder = _Finder(asked["packages"], asked["aliases"], asked["homes"])
    found, missed = {}, {}
    for name in asked["names"]:
        # with all members wanted, those of the homes come anyway
        record = finder.record(name, members=not asked["members"])
        if record:
            found[name] = record
        elif not asked["members"]:
            missed[name] = finder.missed()
    if asked["members"]:
        for record in finder.members():
            found.setdefault(record["path"], record)
    json.dump({"found": found, "missed": missed}, output, ensure_ascii=False)
    output.close()


class _Finder:
    def __init__(self, packages: list[str], aliases: dict[str, str], homes: list[str]) -> None:
        self.packages = [name for name in packages if importlib.util.find_spec(name)]
        self.aliases = aliases
        self.homes = homes
        self._missed: tuple[Any, list[str], str] | None = None

    def record(self, name: str, *, members: bool) -> dict[str, str] | None:
        """The record of a name, dotted or bare, also of one that only a home has as a member."""
        self._missed = None
        if not _NAME.fullmatch(name):
            return None
        first, _, rest = name.partition(".")
        if first in self.aliases:
            name = f"{self.aliases[first]}.{rest}" if rest else self.aliases[first]
            first, _, rest = name.partition(".")
        if first in self.packages:
            return self._walk(first, rest.split(".") if rest else [])
        return self._bare(name.split("."), members)

    def missed(self) -> tuple[str, list[str]]:
        """What lacks the name that was looked up last ("" if nothing was found to have it), and its
        names that are like it."""
        if self._missed is None:
            return "", []
        parent, path, name = self._missed
        others = [each for each in _names(parent) if each != name]
        near = difflib.get_close_matches(name, others, 3, 0.7)
        return ".".join(path), [".".join([*path, each]) for each in near]

    def members(self) -> Iterator[dict[str, str]]:
        """Records of what the homes have: arguments and methods of classes, functions of modules."""
        for home in self.homes:
            record = self.record(home, members=False)
            if not record:
                continue
            yield record
            package, *parts = home.split(".")
            for name in _names(_reach(package, parts)):
                member = self._walk(package, [*parts, name])
                if member:
                    yield member

    def _bare(self, parts: list[str], members: bool) -> dict[str, str] | None:
        """A name without its package: exported by one, else a member of a home."""
        for package in self.packages:
            if _exports(package, parts[0]):
                record = self._walk(package, parts)
                if record or len(parts) > 1:
                    return record
        if len(parts) == 1 and members:
            for home in self.homes:
                package, *path = home.split(".")
                if package in self.packages:
                    record = self._walk(package, [*path, *parts])
                    if record:
                        return record
        self._missed = None
        return None

    def _walk(self, package: str, parts: list[str]) -> dict[str, str] | None:
        parent, value = None, _imported(package)
        for number, part in enumerate(parts):
            parent, value = value, _member(value, part)
            if isinstance(value, ModuleType) and (
                not self._is_theirs(value) or _NO_IMPORT.search(value.__name__)
            ):
                return None
            if value is _MISSING:
                self._missed = (parent, [package, *parts[:number]], part)
                if number < len(parts) - 1:
                    return None
        if parts and (value is _MISSING or (inspect.isclass(parent) and not callable(value))):
            argument = _argument(parent, parts[-1])
            if argument:
                return self._record(package, parts, "argument", *argument)
        if value is _MISSING or not self._is_theirs(value):
            return None
        kind = (
            "module" if isinstance(value, ModuleType) else "class" if inspect.isclass(value) else "function"
        )
        if not isinstance(value, ModuleType) and not callable(value):
            kind = "attribute"
        name = parts[-1] if parts else package
        signature = _signature(value, name) if callable(value) else _plain(value, name)
        return self._record(package, parts, kind, signature, _doc(value))

    def _is_theirs(self, value: Any) -> bool:
        """Whether something is of the packages: `torch.os` is not."""
        module = value.__name__ if isinstance(value, ModuleType) else getattr(value, "__module__", None)
        return not isinstance(module, str) or module.partition(".")[0] in self.packages

    def _record(self, package: str, parts: list[str], kind: str, signature: str, doc: str) -> dict[str, str]:
        return {
            "path": ".".join([package, *parts]),
            "package": package,
            "version": _version(package),
            "kind": kind,
            "signature": signature[:_SIGNATURE],
            "doc": _cut(doc),
        }


def _imported(path: str) -> Any:
    """A module of an allowed package, _MISSING where it cannot be imported."""
    if _NO_IMPORT.search(path):
        return _MISSING
    try:
        return importlib.import_module(path)
    except BaseException:  # a library may raise anything on being imported, SystemExit too
        return _MISSING


def _reach(package: str, parts: list[str]) -> Any:
    value = _imported(package)
    for part in parts:
        value = _member(value, part)
    return value


def _member(value: Any, name: str) -> Any:
    """An attribute, without running a property; a submodule is imported."""
    if isinstance(value, ModuleType):
        try:
            return getattr(value, name)
        except BaseException:
            return _imported(f"{value.__name__}.{name}")
    found = inspect.getattr_static(value, name, _MISSING)
    return found.__func__ if isinstance(found, staticmethod | classmethod) else found


@cache
def _exports(package: str, name: str) -> bool:
    """Whether a package offers a name, found out without importing it if it is slow to import."""
    text = _source(package)
    if package in sys.modules or "_LazyModule" in text or "__getattr__" in text:
        return name in _offered(package)
    return bool(re.search(rf"\b{name}\b", text)) or " import *" in text


@cache
def _offered(package: str) -> frozenset[str]:
    return frozenset(dir(_imported(package)))


@cache
def _source(package: str) -> str:
    spec = importlib.util.find_spec(package)
    if spec is None or not spec.origin:
        return ""
    with open(spec.origin, encoding="utf-8") as file:
        return file.read()


def _names(value: Any) -> list[str]:
    """Public names of a class (with its arguments) or a module."""
    if isinstance(value, ModuleType):
        names = list(getattr(value, "__all__", None) or dir(value))
        return [name for name in names if isinstance(name, str) and not name.startswith("_")]
    unnamed = ("args", "kwargs", "inputs", "input")
    names = [name for name in _parameters(value) if not name.startswith("_") and name not in unnamed]
    if inspect.isclass(value):
        names += _DOCUMENTED.findall(inspect.getdoc(value) or "") if "kwargs" in _parameters(value) else []
        names += [name for name in dir(value) if not name.startswith("_")]
    return list(dict.fromkeys(names))


def _parameters(value: Any) -> dict[str, inspect.Parameter]:
    if id(value) not in _PARAMETERS:
        try:
            found = dict(inspect.signature(value).parameters)
        except BaseException:
            found = {}
        _PARAMETERS[id(value)] = (value, found)
    return _PARAMETERS[id(value)][1]


def _argument(owner: Any, name: str) -> tuple[str, str] | None:
    """Signature and text of an argument of a class or function."""
    parameters = _parameters(owner)
    parameter = parameters.get(name)
    if parameter is None:
        # GenerationConfig and others take all as keywords, and say in words which
        said = argument_doc(inspect.getdoc(owner) or "", name) if "kwargs" in parameters else ""
        return (said.partition("\n")[0].rstrip(":"), said) if said else None
    field = (getattr(owner, "__dataclass_fields__", None) or {}).get(name)
    helped = field.metadata.get("help", "") if field is not None else ""
    texts = [inspect.getdoc(owner) or ""]
    if inspect.isclass(owner):
        texts.append(inspect.getdoc(owner.__init__) or "")
    documented = next(filter(None, (argument_doc(text, name) for text in texts)), "")
    return _shown(parameter), documented or str(helped)


def argument_doc(doc: str, name: str) -> str:
    """What a docstring says of an argument: its line, and the lines below that are further in."""
    lines = doc.split("\n")
    start = re.compile(rf"\s*(?:[-*]\s+)?[`*]*{re.escape(name)}[`*]*\s*(?:\(|:)")
    for number, line in enumerate(lines):
        if not start.match(line):
            continue
        depth = len(line) - len(line.lstrip())
        text = [line.strip()]
        for below in lines[number + 1 :]:
            if below.strip() and len(below) - len(below.lstrip()) <= depth:
                break
            text.append(below.strip())
        return "\n".join(text).strip()
    return ""


def _signature(value: Any, name: str) -> str:
    parameters = [each for key, each in _parameters(value).items() if key not in ("self", "cls")]
    if not parameters:
        text = getattr(value, "__text_signature__", None)
        return f"{name}{text}" if isinstance(text, str) else f"{name}(…)"
    shown = [_shown(each) for each in parameters]
    if len(name) + sum(map(len, shown)) + 2 * len(shown) > _SIGNATURE:
        shown = [_shown(each, annotated=False) for each in parameters]
    kept: list[str] = []
    for text in shown:
        if len(name) + sum(map(len, kept)) + 2 * len(kept) + len(text) > _SIGNATURE - 8:
            kept.append("…")
            break
        kept.append(text)
    return f"{name}({', '.join(kept)})"


def _shown(parameter: inspect.Parameter, *, annotated: bool = True) -> str:
    text = _STARS.get(parameter.kind.name, "") + parameter.name
    if annotated and parameter.annotation is not inspect.Parameter.empty:
        kind = parameter.annotation
        kind = kind.__name__ if isinstance(kind, type) and not hasattr(kind, "__args__") else str(kind)
        kind = re.sub(r"\btyping\.|\b[a-z_]+(?:\.[a-z_]+)*\.(?=[A-Z])", "", kind)
        text += f": {kind}" if len(kind) <= _ANNOTATION else ""
    if parameter.default is not inspect.Parameter.empty:
        text += f" = {_default(parameter.default)}"
    return text


def _default(value: Any) -> str:
    try:
        text = repr(value)
    except BaseException:
        text = "…"
    return text if len(text) <= _DEFAULT and " at 0x" not in text and "<factory>" not in text else "…"


def _plain(value: Any, name: str) -> str:
    simple = isinstance(value, str | int | float | bool | tuple | type(None))
    return f"{name} = {_default(value)}" if simple else name


def _doc(value: Any) -> str:
    simple = isinstance(value, str | int | float | bool | tuple | list | dict | type(None))
    try:
        return "" if simple else inspect.getdoc(value) or ""
    except BaseException:
        return ""


def _cut(doc: str) -> str:
    """The beginning of a text, up to the end of a line."""
    doc = re.sub(r"\n{3,}", "\n\n", doc).strip()
    if len(doc) <= _DOC:
        return doc
    return doc[:_DOC].rpartition("\n")[0].rstrip() + "\n…"


def _version(package: str) -> str:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return ""


if __name__ == "__main__":
    main()
