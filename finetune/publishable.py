"""What of an adapter's folder may be published, and what forbids it."""

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from assistant.errors import UserError
from assistant.reading.secrets import without_secrets
from finetune.card import GEMMA, hub_name, licence_of

_FILES = ("adapter_model.safetensors", "adapter_config.json", "README.md", "results.json", "training.json")
"""All that goes up: no checkpoints, no data, no optimizer states."""
_HOME = re.compile(r"(?<![\w.])(?:/home/|/Users/|/root\b|[A-Za-z]:\\+Users\\)\S*")
_NOT_FREE = re.compile(r"\bnc\b|non-?commercial|research", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Parcel:
    """What goes to the hub: files of the folder, the card's text, and the licence."""

    folder: Path
    files: tuple[Path, ...]
    card: str
    licence: str


def inspect(adapter: Path, licence: str = "", *, users_agreed: bool, unmeasured: bool) -> Parcel:
    """The parcel of an adapter's folder. Raises UserError that names what forbids it."""
    settings = settings_of(adapter)
    base = str(settings.get("base_model_name_or_path") or "")
    if any(adapter.glob("*.bin")) or any(adapter.glob("*.pt")):
        raise UserError(f"{adapter} has pickle files, which can run code: only safetensors are published.")
    files = tuple(adapter / name for name in _FILES if (adapter / name).is_file())
    if adapter / "README.md" not in files:
        raise UserError(
            f"{adapter} has no model card (README.md): train it with finetune.train, which writes one."
        )
    card = (adapter / "README.md").read_text(encoding="utf-8")
    if not unmeasured and adapter / "results.json" not in files:
        raise UserError(
            f"{adapter} has no results: run python -m finetune.evaluate --adapter {adapter} --card, or give --unmeasured."
        )
    if not hub_name(base):
        raise UserError(
            f"The adapter's base is {base!r}, which nobody else has: publish adapters of a base on the hub, or --merge."
        )
    _check_licence(adapter, base, card, licence)
    _check_users(adapter, users_agreed)
    for file in files:
        if file.suffix != ".safetensors":
            _check_text(file)
    return Parcel(adapter, files, card, licence or licence_of(base))


def settings_of(adapter: Path) -> dict[str, Any]:
    """The adapter's configuration. Raises UserError."""
    try:
        found = json.loads((adapter / "adapter_config.json").read_bytes())
    except (OSError, ValueError) as error:
        raise UserError(f"{adapter} is not an adapter: its adapter_config.json cannot be read.") from error
    if not (adapter / "adapter_model.safetensors").is_file():
        raise UserError(f"{adapter} has no adapter_model.safetensors.")
    return dict(found)


def _check_licence(adapter: Path, base: str, card: str, licence: str) -> None:
    known = licence_of(base)
    if known == "other" and not licence:
        raise UserError(f"The licence of {base} is not known here: read it, and name it with --licence.")
    if licence and known not in ("other", licence):
        raise UserError(
            f"An adapter of {base} is under its licence, {known}: --licence {licence} would break it."
        )
    if _NOT_FREE.search(licence or known):
        raise UserError(
            f"The licence of {base} ({licence or known}) limits its use: publish it by hand, with its terms."
        )
    if known == GEMMA and "ai.google.dev/gemma/terms" not in card:
        raise UserError(
            f"{adapter}/README.md must name the Gemma Terms of Use (https://ai.google.dev/gemma/terms)."
        )


def _check_users(adapter: Path, agreed: bool) -> None:
    try:
        facts = json.loads((adapter / "training.json").read_bytes())
    except (OSError, ValueError):
        facts = {}
    count = int(facts.get("data_from_users") or 0)
    if count and not agreed:
        raise UserError(
            f"{count} samples come from users' conversations: publish only with their consent (--users-agreed)."
        )


def _check_text(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    if without_secrets(text) != text:
        raise UserError(f"{file} holds what looks like a token or a password: take it out.")
    home = _HOME.search(text)
    if home:
        raise UserError(f"{file} names a folder of yours ({home[0][:60]}): take it out.")
