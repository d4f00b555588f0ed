"""What the installed libraries take, read once for each of their versions and kept in the cache folder."""

import json
import os
import tempfile
from collections.abc import Mapping
from functools import cache
from importlib import metadata, util
from pathlib import Path
from typing import Any

from assistant.config.signatures.scan import FILES, Scan, Signature, scan
from assistant.settings import cache_folder

_FORMAT = 2


def package_folder(package: str) -> Path | None:
    """Where a library is installed; None if it is not. Does not import it."""
    try:
        spec = util.find_spec(package)
    except (ImportError, ValueError):
        return None
    return Path(spec.origin).parent if spec and spec.origin else None


@cache
def installed_version(package: str) -> str | None:
    """Version by the package's metadata."""
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


@cache
def installed(package: str) -> Scan | None:
    """What the installed version takes; None where it is not installed. A cache that cannot be read or
    written only costs the time of reading the sources again."""
    version = installed_version(package)
    folder = package_folder(package)
    if version is None or folder is None or package not in FILES:
        return None
    file = cache_folder() / "signatures" / f"{package}-{version}-{_FORMAT}.json"
    kept = _read(file, folder)
    if kept is not None:
        return kept
    found = scan(package, folder)
    _write(file, folder, found)
    return found


def _read(file: Path, folder: Path) -> Scan | None:
    try:
        data: Mapping[str, Any] = json.loads(file.read_text(encoding="utf-8"))
        if data["folder"] != str(folder):
            return None
        signatures = {
            name: Signature(frozenset(row["names"]), row["base"], row["open"])
            for name, row in data["signatures"].items()
        }
        return Scan(signatures, {name: tuple(values) for name, values in data["enums"].items()})
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def _write(file: Path, folder: Path, found: Scan) -> None:
    data = {
        "folder": str(folder),
        "signatures": {
            name: {"names": sorted(signature.names), "base": signature.base, "open": signature.open}
            for name, signature in found.signatures.items()
        },
        "enums": found.enums,
    }
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile("w", dir=file.parent, delete=False, encoding="utf-8") as beside:
            json.dump(data, beside)
        os.replace(beside.name, file)
    except OSError:
        return
