"""Makes history.json: `python -m assistant.config.signatures.history_build FOLDER`.

FOLDER holds one version of a library each as FOLDER/<package>/<version>/…, an unpacked wheel
(`pip download --no-deps transformers==4.44.2`, `unzip`) or a checkout; one version of each minor
is enough. The installed versions are added.
"""

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from importlib import metadata
from pathlib import Path
from typing import Any

from assistant.config.signatures.history import FILE, number
from assistant.config.signatures.installed import package_folder
from assistant.config.signatures.scan import FILES, Scan, scan


def build(folder: Path) -> Mapping[str, Any]:
    """The table of all versions below the folder."""
    table: dict[str, Any] = {"versions": {}, "calls": {}, "enums": {}}
    for package in FILES:
        scans = dict(sorted(_scans(package, folder), key=lambda pair: number(pair[0])))
        versions = list(scans)
        table["versions"][package] = versions
        calls = sorted({name for found in scans.values() for name in found.signatures})
        for call in calls:
            table["calls"][call] = _call(call, scans)
        for enum in sorted({name for found in scans.values() for name in found.enums}):
            values = {
                v: [v in scans[at].enums.get(enum, ()) for at in versions]
                for v in _all_values(enum, scans.values())
            }
            table["enums"][enum] = {value: _ranges(versions, present) for value, present in values.items()}
    return table


def _scans(package: str, folder: Path) -> Iterable[tuple[str, Scan]]:
    for version in (folder / package).iterdir() if (folder / package).is_dir() else ():
        roots = [path.parent for path in version.rglob(f"{package}/__init__.py")]
        if roots:
            major, minor = number(version.name)
            yield f"{major}.{minor}", scan(package, roots[0])
    installed = package_folder(package)
    if installed:
        major, minor = number(metadata.version(package))
        yield f"{major}.{minor}", scan(package, installed)


def _call(call: str, scans: Mapping[str, Scan]) -> Mapping[str, Any]:
    versions = list(scans)
    here = [found.signatures.get(call) for found in scans.values()]
    names = sorted({name for signature in here if signature for name in signature.names})
    bases: list[tuple[str, str]] = []
    for version, signature in zip(versions, here, strict=True):
        if signature and (not bases or bases[-1][1] != signature.base):
            bases.append((version if bases else "", signature.base))
    return {
        "itself": _ranges(versions, [signature is not None for signature in here]),
        "base": bases,
        "open": _ranges(versions, [bool(signature and signature.open) for signature in here]),
        "names": {
            name: _ranges(versions, [bool(signature and name in signature.names) for signature in here])
            for name in names
        },
    }


def _all_values(enum: str, scans: Iterable[Scan]) -> list[str]:
    return list(dict.fromkeys(value for found in scans for value in found.enums.get(enum, ())))


def _ranges(versions: Sequence[str], present: Sequence[bool]) -> list[tuple[str, str]]:
    ranges: list[tuple[str, str]] = []
    for index, (version, there) in enumerate(zip(versions, present, strict=True)):
        before = index > 0 and present[index - 1]
        if there and not before:
            ranges.append((version if index else "", ""))
        elif before and not there:
            ranges[-1] = (ranges[-1][0], version)
    return ranges


def main(arguments: Sequence[str]) -> int:
    table = build(Path(arguments[0]))
    FILE.write_text(json.dumps(table, separators=(",", ":"), sort_keys=True) + "\n", encoding="utf-8")
    print({package: len(versions) for package, versions in table["versions"].items()})
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
