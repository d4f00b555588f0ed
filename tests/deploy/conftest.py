"""A checkout of its own to deploy from, and the command as a user runs it."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from assistant.deploy.bundle import Bundle, make_bundle
from assistant.deploy.hardware import flavor
from tests.conftest import ROOT
from tests.deploy.hub_server import TOKEN, LocalHub, local_hub

Deploy = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="session")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The working tree as a git checkout in which everything is committed."""
    if not shutil.which("git") or not (ROOT / ".git").exists():
        pytest.skip("needs git and a checkout")
    folder = tmp_path_factory.mktemp("checkout") / "tracedoc"
    listed = subprocess.run(
        ["git", "-C", str(ROOT), "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).is_file() and not name.startswith("tests/"):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, folder / name)
    git(folder, "init", "-q")
    save(folder, "all of it")
    return folder


@pytest.fixture
def checkout(clone: Path, tmp_path: Path) -> Path:
    """A checkout that a test may change."""
    folder = tmp_path / "checkout"
    git(tmp_path, "clone", "-q", "--local", str(clone), str(folder))
    return folder


@pytest.fixture(scope="session")
def bundle(clone: Path, index_cache: Path, tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    """The bundle for CPU hardware."""
    out = tmp_path_factory.mktemp("bundle") / "space"
    return make_bundle(clone, out, "ada/tracedoc", flavor("cpu-basic"), index=index_cache / "index")


@pytest.fixture
def hub() -> Iterator[LocalHub]:
    with local_hub() as running:
        yield running


@pytest.fixture
def deploy(index_cache: Path, tmp_path: Path) -> Deploy:
    """Runs `tracedoc deploy` in a checkout, logged in to a local hub if one is given."""

    def run(
        folder: Path, *arguments: str, hub: LocalHub | None = None, token: str = TOKEN
    ) -> "subprocess.CompletedProcess[str]":
        environment = {
            **{
                name: value for name, value in os.environ.items() if not name.startswith(("TRACEDOC_", "HF_"))
            },
            "TRACEDOC_CACHE": str(index_cache),
            "TRACEDOC_DATA": str(tmp_path / "data"),
            "HF_HOME": str(tmp_path / "hf"),
            "HF_ENDPOINT": hub.address if hub else "http://127.0.0.1:9",
            "HF_HUB_DISABLE_PROGRESS_BARS": "1",
            "HF_HUB_DISABLE_XET": "1",  # its storage speaks a protocol of its own; LFS is what a hub must have
            **({"HF_TOKEN": token} if hub and token else {}),
        }
        return subprocess.run(
            [sys.executable, "-m", "assistant", "deploy", *arguments],
            cwd=folder,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )

    return run


def git(folder: Path, *arguments: str) -> None:
    who = ("-c", "user.name=test", "-c", "user.email=test@example.org", "-c", "commit.gpgsign=false")
    subprocess.run(["git", *who, *arguments], cwd=folder, check=True, capture_output=True)


def save(folder: Path, message: str) -> None:
    """Commits everything."""
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "-m", message)
