"""Texts to the terms of the lexical search, for prose, code and tracebacks in both languages.

Identifiers count whole and in parts, Chinese as pairs of characters; what differs from machine to
machine (paths, addresses, sizes, long numbers) does not count. Chinese queries are widened by the
English of a small glossary. Every step takes time linear in the text.
"""

import re
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

_CJK = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_CJK_RUN = re.compile(f"[{_CJK}]+")
# Bounded repeats keep the alternatives linear on hostile input (one long run of word characters).
_TOKEN = re.compile(
    r"(?P<url>https?://[^\s)\]>\"'，。]{1,500})"
    r"|(?P<path>(?<![\w.])(?:[A-Za-z]:|~|\.{1,2})?(?:[\\/][\w.+@-]{1,80}){2,40}[\\/]?)"
    r"|(?P<hex>\b0x[0-9a-fA-F]{1,64}\b)"
    r"|(?P<size>\b[0-9]{1,15}(?:\.[0-9]{1,10})?\s?(?:[KMGT]i?B|[kmgt]i?b|bytes)\b)"
    r"|(?P<number>(?<![A-Za-z_0-9])[0-9]{1,40}(?:[.,][0-9]{1,40}){0,4}(?![A-Za-z_0-9]|-[A-Za-z]))"
    r"|(?P<word>[A-Za-z0-9_]{1,100}(?:[.-][A-Za-z0-9_]{1,100}){0,12})"
    rf"|(?P<cjk>[{_CJK}]{{1,1000}})"
)
_CAMEL = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+[a-z]*")
_SPLIT = re.compile(r"[._-]+")
_LIBRARY = re.compile(r"(?:site|dist)-packages[\\/](.+)$")

_STOP_WORDS = (
    "a an and are as at be been but by did do does for from had has have how i if in into is it its me my no "
    "not of on or so that the their them then there these this those to was were what when which will with "
    "you your file line most recent call last traceback"
)
_STOP = frozenset(_STOP_WORDS.split())


def tokens(text: str) -> list[str]:
    """The terms of a text, in order, repeats included; whole identifiers before their parts."""
    return list(_terms(text))


def query_terms(text: str) -> list[str]:
    """The distinct terms of a query, the glossary's English for its Chinese included."""
    return list(dict.fromkeys([*_terms(text), *_terms(" ".join(translations(text)))]))


def english(text: str) -> str:
    """What an embedder that reads no Chinese is given: Latin words kept, known Chinese translated.

    A text without Chinese comes back as it is.
    """
    if not _CJK_RUN.search(text):
        return text
    return re.sub(
        r"[ \t]+", " ", _CJK_RUN.sub(lambda run: f" {' '.join(_translated(run[0]))} ", text)
    ).strip()


def language(text: str) -> str:
    """'zh' where Chinese characters make up a fifth of the words or more, else 'en'."""
    chinese = sum(map(len, _CJK_RUN.findall(text)))
    return "zh" if chinese and chinese * 4 >= len(re.findall(r"[A-Za-z]+", text)) else "en"


def translations(text: str) -> list[str]:
    """The English of the glossary's terms in a text, in order; the longest term wins."""
    return [term for run in _CJK_RUN.findall(text) for term in _translated(run)]


def _translated(run: str) -> Iterator[str]:
    glossary, longest = _glossary()
    start = 0
    while start < len(run):
        for length in range(min(longest, len(run) - start), 0, -1):
            term = glossary.get(run[start : start + length])
            if term:
                yield term
                start += length
                break
        else:
            start += 1


@lru_cache(maxsize=1)
def _glossary() -> tuple[dict[str, str], int]:
    import tomllib

    data = tomllib.loads((Path(__file__).parent / "glossary.toml").read_text(encoding="utf-8"))
    return data, max(map(len, data))


def _terms(text: str) -> Iterator[str]:
    for found in _TOKEN.finditer(text):
        kind, word = found.lastgroup, found[0]
        if kind == "word":
            yield from _word(word)
        elif kind == "cjk":
            yield from (word[start : start + 2] for start in range(max(1, len(word) - 1)))
        elif kind == "number":
            yield from _number(word)
        elif kind == "path" and (inside := _LIBRARY.search(word)):
            # Within a library a path says what failed; elsewhere it is the user's own.
            yield from (part for name in re.split(r"[\\/]", inside[1]) for part in _word(name))


def _number(word: str) -> Iterator[str]:
    digits = word.replace(",", "")
    if len(digits) <= 6 or digits.count(".") > 1:
        yield digits
    if digits.count(".") > 1:  # a version: 4.41.2 is also 4.41
        yield ".".join(digits.split(".")[:2])


@lru_cache(maxsize=1 << 15)
def _word(word: str) -> tuple[str, ...]:
    whole = word.lower().strip("_")
    parts = [part for part in _SPLIT.split(word) if part]
    if not parts:
        return ()
    result = [fold(whole)] if whole not in _STOP else []
    if "-" in word:
        result.append(fold(whole.replace("-", "")))  # fine-tune is finetune, 4-bit is 4bit
    for part in parts:
        if len(parts) > 1:
            result.append(fold(part.lower()))
        if len(part) >= 7 and not part.islower() and not part.isupper():
            pieces = _CAMEL.findall(part)
            if len(pieces) > 1:
                result.extend(fold(piece.lower()) for piece in pieces)
    return tuple(dict.fromkeys(term for term in result if term not in _STOP and not _noise(term)))


def _noise(term: str) -> bool:
    return (term.isdigit() and len(term) > 6) or (
        len(term) > 20 and term.isalnum() and any(map(str.isdigit, term))
    )


def fold(word: str) -> str:
    """Folds English plural, -ing, -ed and final -e of plain words: training, trained → train."""
    if len(word) < 5 or not word.isalpha() or not word.isascii():
        return word
    if word.endswith("ies"):
        word = word[:-3] + "y"
    elif word.endswith("s") and not word.endswith(("ss", "us", "is")):
        word = word[:-1]
    for ending in ("ing", "ed"):
        stem = word.removesuffix(ending)
        if stem != word and len(stem) >= 3 and any(vowel in stem for vowel in "aeiouy"):
            word = stem[:-1] if stem[-1] == stem[-2] and stem[-1] not in "lsz" else stem
            break
    return word[:-1] if len(word) > 4 and word.endswith("e") else word
