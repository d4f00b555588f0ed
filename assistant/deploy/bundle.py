"""Puts the bundle together: the checkout's packages, the index, the Space's README and requirements, and a
manifest of all of it.
"""

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from assistant import __version__
from assistant.deploy.carry import Progress, carry_index
from assistant.deploy.front_matter import THUMBNAIL, readme
from assistant.deploy.hardware import Flavor
from assistant.deploy.requirements import requirements
from assistant.deploy.tree import carried_files, check_clean, check_secrets, commit
from assistant.errors import UserError

MANIFEST = "bundle.json"
"""Which files of the Space are ours, with their hashes: what a later deploy may take away."""
LARGEST = 60_000_000
"""Bytes that a bundle may have: everything starts from it, at each restart of the Space."""
_FORMAT = 1


@dataclass(frozen=True, slots=True)
class Bundle:
    """A bundle on disk: its folder, the files in it (path → bytes and SHA-256), the commit it was made of, and
    whether our adapter is in it."""

    folder: Path
    files: Mapping[str, tuple[int, str]]
    commit: str
    adapter: bool

    @property
    def size(self) -> int:
        """Bytes in all."""
        return sum(size for size, _ in self.files.values())


def make_bundle(
    root: Path,
    out: Path,
    name: str,
    flavor: Flavor,
    *,
    index: Path,
    model: str = "auto",
    login: bool = False,
    before: Mapping[str, Any] | None = None,
    progress: Progress | None = None,
) -> Bundle:
    """Makes the bundle of a checkout in `out`, a folder that is empty, new, or a bundle of before; it is
    written beside and renamed. `index` is the user's own index, for its vectors; `before` is the head of the
    README that the Space has. Raises UserError."""
    check_clean(root)
    files = carried_files(root)
    if "app.py" not in files:
        raise UserError(f"{root} is not a checkout of Tracedoc: there is no app.py.")
    check_secrets(root, files)
    _check_out(out)
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=f".{out.name}-", dir=out.parent) as scratch:
            beside = Path(scratch) / "bundle"
            _copy(root, beside, files)
            target = beside / "carried" / "index"
            target.mkdir(parents=True)
            versions = carry_index(root, target, Path(scratch), index, progress)
            _write(beside / "requirements.txt", requirements(root, versions, cpu=flavor.kind == "cpu"))
            _write(beside / "README.md", readme(root, name, flavor, model=model, login=login, before=before))
            found = _manifest(beside, commit(root))
            shutil.rmtree(out, ignore_errors=True)
            os.replace(beside, out)
    except OSError as error:
        raise UserError(f"the bundle cannot be written to {out}: {error.strerror or error}.", 3) from error
    made = Bundle(
        out, found, commit(root), any(each.startswith("assistant/generation/adapter/") for each in files)
    )
    if made.size > LARGEST:
        largest = max(found, key=lambda each: found[each][0])
        raise UserError(
            f"the bundle has {made.size / 1e6:.0f} MB and may have {LARGEST / 1e6:.0f}: its largest file is {largest} ({found[largest][0] / 1e6:.0f} MB)."
        )
    return made


def check_bundle(folder: Path) -> None:
    """Compares a bundle with its manifest. Raises UserError that names the first file that differs."""
    stated = read_manifest((folder / MANIFEST).read_text(encoding="utf-8"))
    for name, (size, digest) in stated.items():
        file = folder / name
        if not file.is_file() or file.stat().st_size != size or _sha256(file) != digest:
            raise UserError(f"{file} is not what {MANIFEST} says: make the bundle again.")
    found = {_name(folder, file) for file in folder.rglob("*") if file.is_file()} - {MANIFEST}
    if found != set(stated):
        raise UserError(
            f"{folder} has {sorted(found ^ set(stated))[0]} that {MANIFEST} does not have, or lacks it."
        )


def read_manifest(text: str) -> dict[str, tuple[int, str]]:
    """The files that a manifest lists; none where it is no manifest of ours."""
    try:
        return {
            str(name): (int(size), str(digest)) for name, (size, digest) in json.loads(text)["files"].items()
        }
    except (ValueError, KeyError, TypeError, AttributeError):
        return {}


def _check_out(out: Path) -> None:
    if out.exists() and not out.is_dir():
        raise UserError(f"{out} is a file: name a folder for the bundle.")
    if out.is_dir() and any(out.iterdir()) and not (out / MANIFEST).is_file():
        raise UserError(f"{out} is not empty and not a bundle: name a new folder.")


def _copy(root: Path, target: Path, files: tuple[str, ...]) -> None:
    for name in files:
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(root / name, target / name)
    picture = root / "docs" / "screenshot.png"
    if picture.is_file():
        shutil.copyfile(picture, target / THUMBNAIL)


def _manifest(folder: Path, made_of: str) -> dict[str, tuple[int, str]]:
    files = {
        _name(folder, file): (file.stat().st_size, _sha256(file))
        for file in sorted(folder.rglob("*"))
        if file.is_file()
    }
    facts = {"format": _FORMAT, "made_by": f"tracedoc {__version__}", "commit": made_of, "files": files}
    _write(folder / MANIFEST, json.dumps(facts, indent=1, ensure_ascii=False) + "\n")
    return files


def _name(folder: Path, file: Path) -> str:
    return file.relative_to(folder).as_posix()


def _sha256(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _write(file: Path, text: str) -> None:
    file.write_text(text, encoding="utf-8")
