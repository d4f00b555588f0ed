"""Reads what the installed libraries can say out of their sources, without importing them."""

import ast
import re
import warnings
from collections.abc import Mapping
from functools import cache
from importlib import metadata, util
from pathlib import Path

from assistant.messages.flow import sites
from assistant.messages.model import Site
from assistant.messages.templates import Texts

LIBRARIES = (
    *(
        "transformers",
        "peft",
        "accelerate",
        "bitsandbytes",
        "trl",
        "tokenizers",
        "huggingface_hub",
        "datasets",
    ),
    "torch",
)
_SPEAKS = re.compile(rb"\braise\s+[\w.]+\(|\braise\s+\w+\b|warn|log|\bassert\b|_check|__init__\(f?[\"']")
_LARGEST = 4_000_000


@cache
def versions(libraries: tuple[str, ...] = LIBRARIES) -> Mapping[str, str]:
    """The versions of those libraries that are installed; read once in a process."""
    found: dict[str, str] = {}
    for library in libraries:
        try:
            found[library] = metadata.version(library)
        except metadata.PackageNotFoundError:
            continue
    return found


@cache
def folder_of(library: str) -> Path | None:
    """The folder in which a library's own folder lies; None where it is not installed."""
    try:
        spec = util.find_spec(library)
    except (ImportError, ValueError):
        return None
    return Path(spec.origin).parent.parent if spec and spec.origin else None


def scan(library: str, folder: Path) -> list[tuple[Site, Texts]]:
    """All that one library can say. A file that does not parse is left out."""
    found: list[tuple[Site, Texts]] = []
    for file in sorted((folder / library).rglob("*.py")):
        try:
            source = file.read_bytes()
            if len(source) > _LARGEST or not _SPEAKS.search(source):
                continue
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                module = ast.parse(source)
            found += sites(file.relative_to(folder).as_posix(), module)
        except (OSError, SyntaxError, ValueError, RecursionError):
            continue
    return _with_own_texts(found)


def _with_own_texts(found: list[tuple[Site, Texts]]) -> list[tuple[Site, Texts]]:
    """Where an exception is raised without a text and its class makes one, the place that raises has that
    text too; places without any text are left out."""
    own = {
        site.owner: texts
        for site, texts in found
        if texts and site.function == "__init__" and site.exception == site.owner
    }
    return [(site, texts or own[site.exception]) for site, texts in found if texts or site.exception in own]
