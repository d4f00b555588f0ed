"""What of the checkout goes into the bundle, and what forbids it: changes that are not committed, and secrets."""

import re
import subprocess
from pathlib import Path

from assistant.errors import UserError

FOLDERS = ("assistant", "corpus", "index")
FILES = ("app.py", "LICENSE", "NOTICE")
SUFFIXES = frozenset(
    {".py", ".toml", ".json", ".npz", ".md", ".css", ".js", ".mako", ".safetensors", ".html", ".svg", ".txt"}
)
"""Kinds of files that packages hold; what has another is not carried, whoever committed it."""
# for code: the general patterns of reading/secrets.py take names such as `bnb_4bit_quant_type` for passwords
_TOKEN = re.compile(
    r"(?<![A-Za-z0-9_])(?:hf_[A-Za-z0-9]{30,}|api_org_[A-Za-z0-9]{30,}|sk-(?:proj-|ant-)?[A-Za-z0-9_-]{32,}|gh[pousr]_[A-Za-z0-9]{30,}"
    r"|github_pat_\w{30,}|glpat-[\w-]{20,}|A(?:KI|SI)A[A-Z0-9]{16}|xox[abeprs]-[A-Za-z0-9-]{20,}|AIza[\w-]{35}|npm_[A-Za-z0-9]{36}"
    r"|pypi-[\w-]{60,}|nvapi-[\w-]{40,}|gsk_[A-Za-z0-9]{40,}|\w{2,12}://[^\s/:@\"'{}<>]{1,80}:[^\s/@\"'{}<>$]{6,200}@[a-z0-9.-]+\.[a-z]{2,})"
    r"|-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----\s*[A-Za-z0-9+/]{40}"
)


def carried_files(root: Path) -> tuple[str, ...]:
    """Paths of the committed files that a bundle has, relative to the checkout, sorted. Raises UserError where
    there is no checkout."""
    listed = _git(root, "ls-files", "-z", "--", *FOLDERS, *FILES)
    return tuple(sorted(name for name in listed.split("\0") if name and _wanted(name)))


def check_clean(root: Path) -> None:
    """Raises UserError where what would be carried is not what is committed."""
    changed = [
        line[3:]
        for line in _git(root, "status", "--porcelain", "--", *FOLDERS, *FILES).splitlines()
        if line[:2] != "??" or _wanted(line[3:]) or line.endswith("/")
    ]
    if changed:
        more = f" and {len(changed) - 1} more" if len(changed) > 1 else ""
        raise UserError(
            f"the checkout has changes that are not committed ({changed[0]}{more}): commit them, or put them aside with `git stash -u`."
        )


def check_secrets(root: Path, files: tuple[str, ...]) -> None:
    """Raises UserError that names the first file and line which hold what looks like a token or a key."""
    for name in files:
        try:
            text = (root / name).read_bytes().decode("utf-8")
        except UnicodeDecodeError:
            continue  # weights
        found = _TOKEN.search(text)
        if found and len(set(found[0])) > 8:  # hf_xxxxxxxx is how people write that they hid one
            line = text.count("\n", 0, found.start()) + 1
            raise UserError(
                f"{name}, line {line}, holds what looks like a token or a key: take it out, and withdraw it where it was issued."
            )


def commit(root: Path) -> str:
    """The checkout's commit. Raises UserError."""
    return _git(root, "rev-parse", "HEAD").strip()


def _wanted(name: str) -> bool:
    """Whether a bundle has this file."""
    if name in FILES:
        return True
    return name.startswith(tuple(f"{folder}/" for folder in FOLDERS)) and Path(name).suffix in SUFFIXES


def _git(root: Path, *arguments: str) -> str:
    try:
        done = subprocess.run(
            ["git", "-C", str(root), *arguments],
            capture_output=True,
            text=True,
            encoding="utf-8",
            check=False,
        )
    except OSError as error:
        raise UserError(
            "git is not installed, and what is uploaded is what is committed: install git."
        ) from error
    if done.returncode:
        raise UserError(
            f"{root} is not a git checkout of Tracedoc: run `git clone`, and `tracedoc deploy` in the clone."
        )
    return done.stdout
