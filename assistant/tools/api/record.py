"""What is known of one API name."""

import re
from dataclasses import dataclass

from assistant.reference.parts import looks_like_code as looks_like_code

_NAME = re.compile(r"[A-Za-z]\w{0,80}(?:\.[A-Za-z]\w{0,80}){0,7}")


@dataclass(frozen=True, slots=True)
class Record:
    """What is known of one name. `kind` is "class", "function", "argument", "attribute" or "module"."""

    path: str
    package: str
    version: str
    kind: str
    signature: str
    doc: str


@dataclass(frozen=True, slots=True)
class Answer:
    """The record of a name; where there is none, what lacks it ("" if nothing of the name was found) and
    names like it. `asked` is False where the libraries could not be looked at in time."""

    record: Record | None = None
    owner: str = ""
    near: tuple[str, ...] = ()
    asked: bool = True


def is_name(text: str) -> bool:
    """Whether a text can be the name of a public API."""
    return bool(_NAME.fullmatch(text))


def tidy(name: str) -> str:
    """A name without what people write around it: backticks, a call's parentheses, `import`."""
    name = name.strip().strip("`'\"").strip()
    name = re.sub(
        r"^(?:from\s+([\w.]+)\s+)?import\s+", lambda found: f"{found[1]}." if found[1] else "", name
    )
    return re.sub(r"\(.*$", "", name, flags=re.DOTALL).strip().lstrip("@").rstrip(".")


def as_text(record: Record) -> str:
    """A record as a passage: signature in code, then the docstring."""
    return f"```python\n{record.signature}\n```\n{record.doc}".strip()
