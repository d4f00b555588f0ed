"""What a message asks about an API: the kind of question and the names in it; None for most messages."""

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import re2

from assistant.reading import Reading
from assistant.reading.domain import domain_signs
from assistant.reference.homes import names
from assistant.reference.parts import looks_like_code

_LONGEST, _SENTENCES_MOST = 240, 3
"""Characters and sentences of a message beyond which it is more than a question on a name."""
_SENTENCES = re.compile(r"[?!。？！；\n]+|\.(?=\s|$)|;\s")
_PASTED = re.compile(
    r"(?<![\w.])(?:/[\w.-]+){2,}|[A-Za-z]:\\\\|\bpython3? \S+\.py|\.(?:sh|py|ya?ml|json)\b|[\w\])]\s*=\s*[\w\"'\[][^?？]*[\w\])]\s*=\s*[\w\"'\[]"
)
"""Paths, scripts, and more than one assignment: what is pasted rather than asked."""
_NAMES = 4
_WORD = re.compile(r"(?<![\w./\\@-])[A-Za-z_]\w{0,80}(?:\.[A-Za-z_]\w{0,80}){0,6}(?![\w/\\-])", re.ASCII)
_QUOTED = re.compile(r"[`\"'“‘「]([A-Za-z_][\w.]{0,90})(?:\(\))?[`\"'”’」]", re.ASCII)
_TOLD = re.compile(
    r"(?:arguments?|parameters?|params?|options?|fields?|flags?|settings?|attributes?|methods?|functions?|class|called|参数|选项|字段|方法|函数|类|叫做?)\s*[:：]?\s*([a-z]\w{1,60})(?![\w.])"
    r"|(?<![\w.])([a-z]\w{1,60})\s*(?:=|\b(?:argument|parameter|param|option|field|flag|setting|attribute|method|function)\b|(?:这个|这一|这)?(?:参数|选项|字段|方法|函数))",
    re.ASCII,
)
_LATIN = re.compile(r"[A-Za-z_][\w.]*", re.ASCII)
_CHINESE = re.compile(r"[\u4e00-\u9fff]")
_FLAG = re.compile(r"(?<!\w)--([a-z]\w+)", re.ASCII)


@dataclass(frozen=True, slots=True)
class Asked:
    """`kinds` with their weights, surest first; `names` as written, what is marked as code first; `plain`
    words without marks that may be names; whether the message speaks of trouble, asks for reasons, for advice."""

    kinds: tuple[tuple[str, float], ...]
    names: tuple[str, ...]
    plain: tuple[str, ...]
    text: str
    trouble: bool
    reasons: bool
    advice: bool


def asked(reading: Reading) -> Asked | None:
    """What a message asks; None where it is no question on an API: a paste, a story, no words of one."""
    text = reading.text.strip()
    if reading.kind not in ("question", "config") or reading.exceptions or reading.events:
        return None
    if not text or _length(text) > _LONGEST or _PASTED.search(text):
        return None
    found = tuple(_names(text))
    _, ours, foreign = domain_signs(text)
    if len(found) > _NAMES or (foreign and not ours):
        return None
    plain = tuple(_plain(text))
    sentences = [each for each in _SENTENCES.split(text) if each.strip()]
    if len(sentences) > _SENTENCES_MOST:
        return None
    named = [each for each in sentences if any(name in each for name in (*found, *plain))]
    kinds = tuple(_kinds(named or sentences))
    if not kinds:
        return None
    return Asked(
        kinds, found, plain, text, _says("trouble", text), _says("reasons", text), _says("advice", text)
    )


def _length(text: str) -> int:
    """Characters, a Chinese one counted twice."""
    return len(text) + len(_CHINESE.findall(text))


def _kinds(sentences: Sequence[str]) -> Iterator[tuple[str, float]]:
    for kind, row in _table().items():
        longest = row.get("longest", _LONGEST)
        if "weight" in row and any(_length(each) <= longest and _says(kind, each) for each in sentences):
            yield kind, float(row["weight"])


def _says(kind: str, text: str) -> bool:
    bare = _without_names(text)
    return any(pattern.search(bare) for pattern in _patterns(kind))


def _without_names(text: str) -> str:
    """The text with names in code shortened to one word, so that `default_data_collator` asks for no
    default; what begins with Auto stays."""

    def shortened(found: re.Match[str]) -> str:
        word = found[0]
        return "X" if ("_" in word.strip("_") or "." in word) and not word.startswith("Auto") else word

    return _LATIN.sub(shortened, text)


@cache
def _patterns(kind: str) -> Sequence[Any]:
    row = _table()[kind]
    options = re2.Options()
    options.case_sensitive = False
    return [re2.compile(pattern, options) for lang in ("en", "zh") for pattern in row[lang]]


@cache
def _table() -> Mapping[str, Any]:
    return tomllib.loads((files("assistant.reference") / "asking.toml").read_text(encoding="utf-8"))


def _names(text: str) -> Iterator[str]:
    seen: set[str] = set()
    bare = [word for word in _homes() if re.search(rf"(?<![\w.]){word}(?![\w.])", text, re.ASCII)]
    marked = [found[1] for found in _QUOTED.finditer(text)] + [found[1] for found in _FLAG.finditer(text)]
    plain = [found[0] for found in _WORD.finditer(text)]
    for word in (*marked, *(each for each in plain if _is_code(each)), *bare):
        name = word.strip("._")
        if name and name not in seen and len(name) > 1:
            seen.add(name)
            yield name


@cache
def _homes() -> Sequence[str]:
    """Classes with a name of one word that people ask for without marks."""
    return [
        home.rpartition(".")[2] for home in names()["homes"] if re.fullmatch(r"[a-z]+\.[A-Z][a-z]+", home)
    ]


def _is_code(word: str) -> bool:
    if "." in word:
        return all(len(part) > 1 for part in word.split(".")[:1]) and not word.endswith(".")
    return looks_like_code(word) or bool(re.fullmatch(r"[A-Z][A-Z0-9]*_[A-Z0-9_]+", word))


def _plain(text: str) -> Iterator[str]:
    """Lower-case words that may be names: said to be one, no word of a language, or Latin within Chinese."""
    never, known = _table()["words"]["never"], _table()["words"]["names"]
    told = [word for pair in _TOLD.findall(text) for word in pair if word]
    words = [found[0] for found in _WORD.finditer(text) if re.fullmatch(r"[a-z][a-z0-9]+", found[0])]
    chinese = bool(_CHINESE.search(text))
    for word in dict.fromkeys([*told, *(each for each in words if chinese or each in known)]):
        if word not in never and len(word) > 1:
            yield word


def words_of(text: str) -> frozenset[str]:
    """Lower-case Latin words of a message."""
    return frozenset(word.lower() for word in _LATIN.findall(text))
