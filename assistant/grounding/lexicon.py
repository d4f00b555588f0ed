"""Words to concepts, the same for English and Chinese: what lexicon.toml and marks.toml say, ready to look up."""

import tomllib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

_HERE = Path(__file__).parent
_WORDS: dict[str, str] = tomllib.loads((_HERE / "words.toml").read_text(encoding="utf-8"))
_IRREGULAR = dict(pair.split("=") for pair in _WORDS["irregular"].split())
STOP = frozenset(_WORDS["stop"].split())
JOINS = frozenset(_WORDS["joins"].split())
_VOWELS = frozenset("aeiouy")


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a form means: concepts with their sign, whether it can be negated, whether it says little
    by itself (`light`) or is said of anything (`weak`), and the marks that it carries."""

    concepts: frozenset[tuple[str, int]]
    negatable: bool
    light: bool
    weak: bool
    marks: frozenset[str]


@dataclass(frozen=True, slots=True)
class Lexicon:
    """`english` maps stems in order to a meaning, `chinese` characters; `longest` are the lengths of
    the longest forms."""

    english: dict[tuple[str, ...], Meaning]
    chinese: dict[str, Meaning]
    longest_english: int
    longest_chinese: int


@lru_cache(maxsize=1 << 15)
def stem(word: str) -> str:
    """Folds English inflection: trained, training, trains → train; larger stays (it is a form of its own)."""
    word = word.lower()
    if word in _IRREGULAR:
        word = _IRREGULAR[word]
    elif len(word) > 3 and word.isascii() and word.isalpha():
        if word.endswith("ies") and len(word) > 4:
            word = word[:-3] + "y"
        elif word.endswith(("sses", "shes", "ches", "xes", "zes")):
            word = word[:-2]
        elif word.endswith("s") and not word.endswith(("ss", "us", "is")):
            word = word[:-1]
        for ending in ("ing", "ed"):
            short = word.removesuffix(ending)
            if short != word and len(short) >= 2 and _VOWELS & set(short) and not word.endswith("eed"):
                word = _base(short)
                break
    if len(word) > 4 and word.endswith("e") and not word.endswith("ee"):
        word = word[:-1]
    return word


def _base(short: str) -> str:
    if len(short) > 3 and short[-1] == short[-2] and short[-1] not in "lsz":
        return short[:-1]  # stopped
    if short.endswith("i"):
        return short[:-1] + "y"  # applied
    if (
        len(short) == 3
        and short[-1] not in _VOWELS | {"x", "w"}
        and short[-2] in _VOWELS
        and short[0] not in _VOWELS
    ):
        return short + "e"  # noted
    return short


def phrase(form: str) -> tuple[str, ...]:
    """The stems of an English form; a hyphen between words parts them."""
    spaced = form if form[:1].isdigit() or form[:1] == "-" else form.replace("-", " ")
    return tuple(stem(word) for word in spaced.lower().split())


@lru_cache(maxsize=1)
def lexicon() -> Lexicon:
    """The lexicon as the two files give it. Read once."""
    forms: dict[tuple[bool, str], list[tuple[str, int, str]]] = {}
    for kind, entries in tomllib.loads((_HERE / "lexicon.toml").read_text(encoding="utf-8")).items():
        for concept, line in entries.items():
            _add(forms, concept, line, kind)
    for mark, line in tomllib.loads((_HERE / "marks.toml").read_text(encoding="utf-8")).items():
        _add(forms, mark, line, "mark")
    english: dict[tuple[str, ...], Meaning] = {}
    chinese: dict[str, Meaning] = {}
    merged: dict[tuple[str, ...], list[tuple[str, int, str]]] = {}
    for (is_chinese, form), found in forms.items():
        if is_chinese:
            chinese[form.lower().replace(" ", "")] = _meaning(found)
        else:
            merged.setdefault(phrase(form), []).extend(found)
    english = {key: _meaning(found) for key, found in merged.items()}
    return Lexicon(english, chinese, max(map(len, english)), max(map(len, chinese)))


def _add(
    forms: dict[tuple[bool, str], list[tuple[str, int, str]]], concept: str, line: str, kind: str
) -> None:
    for is_chinese, half in enumerate(line.split("|")):
        for form in filter(None, map(str.strip, half.split(","))):
            sign = -1 if form.startswith("-") and len(form) > 1 and not form[1].isdigit() else 1
            key = (bool(is_chinese), form[1:] if sign < 0 else form)
            forms.setdefault(key, []).append((concept, sign, kind))


def _meaning(found: list[tuple[str, int, str]]) -> Meaning:
    words = [(concept, sign, kind) for concept, sign, kind in found if kind != "mark"]
    content = [(concept, sign) for concept, sign, kind in words if kind not in ("light", "weak")]
    return Meaning(
        frozenset(content),
        any(kind in ("act", "quality") for _, _, kind in words),
        any(kind == "light" for _, _, kind in words),
        any(kind == "weak" for _, _, kind in words),
        frozenset(concept for concept, _, kind in found if kind == "mark")
        | ({"quality"} if any(kind == "quality" for _, _, kind in words) else set()),
    )
