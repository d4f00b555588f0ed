"""Which kind of file a text is: by its name, else by what it says."""

import re
import tomllib
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Literal

from assistant.config.settings import Settings

Form = Literal["python", "notebook", "json", "yaml"]

_ENDINGS: Mapping[str, Form] = {
    ".py": "python", ".pyw": "python", ".ipynb": "notebook", ".json": "json", ".jsonc": "json",
    ".yaml": "yaml", ".yml": "yaml",
}  # fmt: skip
_PYTHON = re.compile(
    r"(?m)^[ \t]*(?:>>> )?(?:import \w|from [\w.]+ import |def \w+\(|class \w+|@\w"
    r"|[\w.]{1,200}[ \t]*=[ \t]*[\w.]{1,200}\(|[\w.]{1,200}\([^)\n]{0,500}=)"
)
_KEY = re.compile(r"(?m)^[ \t]*(?:- )?[A-Za-z_][\w.-]*:(?:[ \t]|$)")
_FENCE = re.compile(r"(?m)^[ \t]*(?:```|~~~)[ \t]*([\w+-]*)[^\r\n]*$")


@cache
def marks() -> Mapping[str, Mapping[str, Sequence[str]]]:
    """Keys by which the kinds of YAML and JSON are told apart (kinds.toml)."""
    return tomllib.loads((Path(__file__).parent / "kinds.toml").read_text(encoding="utf-8"))


def form(text: str, name: str) -> Form:
    """How to read the text. A wrong ending costs nothing: what cannot be read so is tried otherwise."""
    ending = name[name.rfind(".") :].lower() if "." in name else ""
    if ending in _ENDINGS:
        return _ENDINGS[ending]
    head = text.lstrip("\ufeff \t\r\n")[:1]
    if head == "{" or (head == "[" and not _PYTHON.search(text)):
        return "notebook" if re.search(r'"nbformat"\s*:', text) and '"cells"' in text else "json"
    if _PYTHON.search(text):
        return "python"
    return "yaml" if _KEY.search(text) else "python"


def unfenced(text: str) -> str:
    """Markdown's code blocks alone, everything else made white space, so that places stay the same;
    the text itself where it has none."""
    fences = list(_FENCE.finditer(text))
    if len(fences) < 2:
        return text
    kept = [" "] * 0
    at = 0
    for opening, closing in zip(fences[::2], fences[1::2], strict=False):
        kept += [_blank(text[at : opening.end()]), text[opening.end() : closing.start()]]
        at = closing.start()
    return "".join([*kept, _blank(text[at:])])


def _blank(part: str) -> str:
    return re.sub(r"[^\r\n]", " ", part)


def kind(document: Settings) -> str | None:
    """What a YAML or JSON mapping configures; None if it is nothing that is known here."""
    names = set(document.items)
    for name, row in marks().items():
        if all(key in names for key in row.get("all", ())) and _enough(names, row):
            return name
    return None


def _enough(names: set[str], row: Mapping[str, Sequence[str]]) -> bool:
    one = row.get("any", ())
    some = row.get("two", ())
    return (not one or any(key in names for key in one)) and (
        not some or sum(key in names for key in some) >= 2
    )
