"""One conversation to learn from, and files of them: one JSON object a line."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from assistant.errors import UserError
from assistant.generation.model import Message, Role
from finetune.files import replace_text


@dataclass(frozen=True, slots=True)
class Sample:
    """A conversation that ends with the assistant's reply. `kind` says how it was made, `topic` and
    `entries` what of the corpus stands in it (all that is cited), `evidence` the passages of the last
    turn by number; `turns` are the user's own messages, as they were written."""

    id: str
    lang: str
    kind: str
    topic: str
    entries: tuple[str, ...]
    messages: tuple[Message, ...]
    evidence: Mapping[int, str]
    turns: tuple[str, ...] = ()

    @property
    def reply(self) -> str:
        return self.messages[-1].content

    @property
    def prompt(self) -> str:
        return self.messages[-2].content


def write_samples(file: Path, samples: Iterable[Sample]) -> None:
    """Writes samples, atomically. Raises UserError (code 3) where the disk does not take them."""
    replace_text(file, "".join(f"{json.dumps(_as_json(each), ensure_ascii=False)}\n" for each in samples))


def read_samples(file: Path) -> list[Sample]:
    """Reads samples. Raises UserError for a file that is not there, or is no such file (with the line)."""
    return list(_read(file))


def _read(file: Path) -> Iterator[Sample]:
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or type(error).__name__
        raise UserError(
            f"The data set {file} cannot be read ({reason}): make one with python -m finetune.dataset."
        ) from error
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            yield _from_json(json.loads(line))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise UserError(
                f"{file}, line {number}: this is no sample ({type(error).__name__}: {error}); a line needs "
                '"messages" with "role" and "content", the last one of the assistant.'
            ) from error


def _as_json(sample: Sample) -> dict[str, Any]:
    found = asdict(sample)
    found["messages"] = [{"role": each.role, "content": each.content} for each in sample.messages]
    found["evidence"] = {str(n): text for n, text in sample.evidence.items()}
    return found


def _from_json(found: dict[str, Any]) -> Sample:
    messages = tuple(Message(_role(each["role"]), str(each["content"])) for each in found["messages"])
    if len(messages) < 2 or messages[-1].role != "assistant" or not messages[-1].content.strip():
        raise ValueError("the last message is not a reply")
    return Sample(
        id=str(found.get("id", "")),
        lang=str(found.get("lang", "")),
        kind=str(found.get("kind", "")),
        topic=str(found.get("topic", "")),
        entries=tuple(found.get("entries", ())),
        messages=messages,
        evidence={int(n): str(text) for n, text in found.get("evidence", {}).items()},
        turns=tuple(map(str, found.get("turns", ()))),
    )


def _role(name: str) -> Role:
    if name not in ("system", "user", "assistant"):
        raise ValueError(f"unknown role {name!r}")
    return name  # type: ignore[return-value]
