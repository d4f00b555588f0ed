"""What a part of an answer is made of, before it is numbered."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Said:
    """One thing to say with its source. `text` is Markdown without the citation, `why` and `fix` are the same
    in pieces, as evidence for a language model; `passage` names what it stands on, `source` is an address
    or "", `entry` the corpus entry that says more, or ""."""

    passage: str
    title: str
    text: str
    why: tuple[str, ...] = ()
    fix: tuple[str, ...] = ()
    code: str = ""
    source: str = ""
    entry: str = ""


@dataclass(frozen=True, slots=True)
class Section:
    """A part of an answer: its kind (a key of texts.toml), its heading, and what it says."""

    kind: str
    heading: str
    said: tuple[Said, ...]
    end: str = ""
