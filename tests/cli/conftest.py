"""Runs the command line as people do: as a process of its own, with folders of its own."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.sample import ENTRIES

ROOT = Path(__file__).parents[2]
SECONDS = 120


@dataclass(frozen=True)
class Done:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def sentence(self) -> str:
        """What is said to people, without the progress of building the index."""
        return self.err.strip().splitlines()[-1] if self.err.strip() else ""


@dataclass(frozen=True)
class Tracedoc:
    """The command line over a checkout (`code`) with its cache and data folders."""

    code: Path
    cache: Path
    data: Path
    variables: Mapping[str, str] = field(default_factory=dict)

    @property
    def environment(self) -> dict[str, str]:
        own = {"TRACEDOC_CACHE": str(self.cache), "TRACEDOC_DATA": str(self.data), "HF_HUB_OFFLINE": "1"}
        kept = {name: value for name, value in os.environ.items() if not name.startswith("TRACEDOC_")}
        return {**kept, **own, **self.variables}

    def start(self, *arguments: str, **options: object) -> subprocess.Popen[bytes]:
        """A command that is still running, its streams piped."""
        return subprocess.Popen(  # type: ignore[call-overload,no-any-return]
            [sys.executable, "-m", "assistant", *arguments],
            cwd=self.code,
            env=self.environment,
            **{
                "stdin": subprocess.PIPE,
                "stdout": subprocess.PIPE,
                "stderr": subprocess.PIPE,
                "preexec_fn": _heeds_interrupts if os.name == "posix" else None,
                **options,
            },
        )

    def __call__(self, *arguments: str, stdin: str | bytes = b"") -> Done:
        data = stdin.encode() if isinstance(stdin, str) else stdin
        process = self.start(*arguments)
        out, err = process.communicate(data, timeout=SECONDS)
        return Done(process.returncode, out.decode(), err.decode(errors="replace"))


@pytest.fixture(scope="session")
def tracedoc(tmp_path_factory: pytest.TempPathFactory) -> Tracedoc:
    """Our corpus, no index: only for what signatures answer."""
    base = tmp_path_factory.mktemp("tracedoc")
    return Tracedoc(ROOT, base / "cache", base / "data")


def checkout(folder: Path, entries: Sequence[Path]) -> Path:
    """A checkout whose corpus is a few entries, so that its index is built in seconds."""
    (folder / "corpus").mkdir(parents=True)
    for name in ("assistant", "index"):
        (folder / name).symlink_to(ROOT / name)
    for file in (ROOT / "corpus").iterdir():
        if file.name not in ("entries", "__pycache__"):
            (folder / "corpus" / file.name).symlink_to(file)
    (folder / "corpus" / "entries").mkdir()
    for entry in entries:
        shutil.copy(entry, folder / "corpus" / "entries")
    return folder


@pytest.fixture(scope="session")
def unbuilt(tmp_path_factory: pytest.TempPathFactory) -> Tracedoc:
    """A small corpus without an index. Nothing may build it here."""
    base = tmp_path_factory.mktemp("unbuilt")
    return Tracedoc(checkout(base / "code", sorted(ENTRIES.glob("*.md"))), base / "cache", base / "data")


@pytest.fixture(scope="session")
def small(tmp_path_factory: pytest.TempPathFactory) -> Tracedoc:
    """A small corpus with its index, built once. Read only: `copied` may be changed."""
    base = tmp_path_factory.mktemp("small")
    made = Tracedoc(checkout(base / "code", sorted(ENTRIES.glob("*.md"))), base / "cache", base / "data")
    done = made("index", "build")
    assert done.code == 0, done.err
    assert "passages in" in done.out
    return made


@pytest.fixture
def copied(small: Tracedoc, tmp_path: Path) -> Tracedoc:
    """An index of its own for a test that changes it."""

    def link(source: str, target: str) -> str:
        if source.endswith(".onnx"):  # large, and never written to
            os.link(source, target)
            return target
        return str(shutil.copy2(source, target))

    shutil.copytree(small.cache, tmp_path / "cache", copy_function=link)
    return Tracedoc(small.code, tmp_path / "cache", tmp_path / "data")


Writer = Callable[..., Path]


@pytest.fixture
def written(tmp_path: Path) -> Writer:
    """Writes lines to a file of a name."""

    def write(name: str, *lines: str) -> Path:
        file = tmp_path / name
        file.write_bytes("".join(f"{line}\n" for line in lines).encode())
        return file

    return write


def _heeds_interrupts() -> None:
    """A test run in a shell's background ignores SIGINT, and its children inherit that."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
