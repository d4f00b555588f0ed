"""What a package offers under which name, read from its `__init__` files without importing it."""

import ast
import warnings
from functools import cache
from pathlib import Path


@cache
def parsed(file: Path) -> ast.Module | None:
    """The file's syntax tree; None where it cannot be read."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(file.read_text(encoding="utf-8"))
    except (OSError, SyntaxError, ValueError):
        return None


@cache
def offered(folder: Path) -> frozenset[str]:
    """Names that a package's `__init__` binds, imports or lists as texts (lazy imports do that)."""
    return _names(folder / "__init__.py", folder, 0)


@cache
def listed(file: Path) -> frozenset[str]:
    """Names in a module's `__all__`."""
    tree = parsed(file)
    return frozenset(_listed(tree)) if tree else frozenset()


def _listed(tree: ast.Module) -> set[str]:
    found: set[str] = set()
    for node in tree.body:
        targets = (
            node.targets
            if isinstance(node, ast.Assign)
            else [node.target]
            if isinstance(node, ast.AugAssign)
            else []
        )
        if any(isinstance(target, ast.Name) and target.id == "__all__" for target in targets):
            found |= {
                part.value
                for part in ast.walk(node)
                if isinstance(part, ast.Constant) and isinstance(part.value, str)
            }
    return found


def _names(file: Path, folder: Path, depth: int) -> frozenset[str]:
    tree = parsed(file)
    if tree is None:
        return frozenset()
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            for alias in node.names:
                if alias.name != "*":
                    found.add(alias.asname or alias.name)
                elif depth < 2 and (target := _target(node, folder)):
                    found |= listed(target) or _names(target, target.parent, depth + 1)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.isidentifier():
            found.add(node.value)
        elif isinstance(node, ast.ClassDef | ast.FunctionDef) and node in tree.body:
            found.add(node.name)
    return frozenset(found)


def _target(node: ast.ImportFrom, folder: Path) -> Path | None:
    """The file that a star import within the package reads."""
    parts = (node.module or "").split(".") if node.module else []
    base = folder
    if node.level > 1:
        base = folder.parents[node.level - 2]
    elif node.level == 0:
        root = next((each for each in (folder, *folder.parents) if parts and each.name == parts[0]), None)
        if root is None:
            return None
        base, parts = root, parts[1:]
    place = base.joinpath(*parts)
    for file in (place.with_suffix(".py"), place / "__init__.py"):
        if file.is_file():
            return file
    return None


def import_path(name: str, package: str, root: Path, file: Path) -> str:
    """How a name of a file is imported: from the outermost package that offers it."""
    modules = file.relative_to(root).with_suffix("").parts
    if modules[-1] == "__init__":
        modules = modules[:-1]
    if package == "transformers" and name in listed(file):  # all of these are offered lazily
        return f"{package}.{name}"
    for depth in range(1 if modules[0] == "models" else len(modules) + 1):
        folder = root.joinpath(*modules[:depth])
        if folder.is_dir() and name in offered(folder):
            return ".".join([package, *modules[:depth], name])
    return ".".join([package, *modules, name])
