"""`python -m assistant.generation.choose_vocabulary WORDS FOLDER…`: chooses the tokens that the model keeps.

By rule: white space, bytes, marks of turns, the characters of RANGES, every token of the Chinese
characters that GB 2312 or the first level of Big5 has, and the English words of the file WORDS, one a
line, that are one token. Then whatever the texts of the given folders use, the tokens that most files
use first; then plain ASCII in the vocabulary's own order; each with the pieces that it is merged from,
until ROWS are full. Folders in HELD_OUT are left for measuring.

The stored choice was made from the 10,000 most frequent English words of wordfreq 3.1.1, this repository,
site-packages with the extras `lm`, `test` and `finetune`, Python's standard library, and the manuals of
Debian, Vim, Node's packages and Rust's standard library. It is not made anew for new versions of those:
adapters are trained for it.
"""

import gzip
import html
import re
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from assistant.generation import vocabulary
from assistant.generation.embedded import parts
from assistant.generation.gguf_file import open_gguf
from assistant.generation.vocabulary import SPACE, Kept, Tokens

ROWS = 72 * 1024
HELD_OUT = {"scipy", "sqlalchemy", "networkx", "hypothesis"}
RANGES = (
    (0x20, 0xFF),  # Latin-1
    (0x391, 0x3C9),  # Greek
    (0x410, 0x44F),  # Cyrillic
    (0x2010, 0x2027),  # dashes, quotes, bullets
    (0x20A0, 0x20BF),  # currencies
    (0x2190, 0x22FF),  # arrows, operators
    (0x2500, 0x25FF),  # boxes and bars, as progress and tables draw them
    (0x2713, 0x2718),  # ticks and crosses
    (0x3000, 0x30FF),  # CJK punctuation, kana
    (0xFF01, 0xFF5E),  # full-width forms
)
_TEXT = {".py", ".md", ".rst", ".txt", ".toml", ".html", ".pyi", ".gz"}
_LARGEST = 500_000
_CJK_MARKS = frozenset(
    "、。〈〉《》「」『』【】〔〕…—‘’“”·" + "".join(chr(code) for code in range(0xFF01, 0xFF5F))
)
_MARKUP = re.compile(r"(?s)<(script|style)\b.*?</\1>|<[^>]+>")


def choose(tokens: Tokens, words: Iterable[str], files: Iterable[str], rows: int = ROWS) -> Kept:
    """The ids to keep: `rows` of them, where the vocabulary has as many."""
    numbers = vocabulary.mergeable(tokens)
    common = {numbers[SPACE + word] for word in words if SPACE + word in numbers}
    chosen = vocabulary.closure(tokens, numbers, vocabulary.always(tokens) | by_rule(tokens) | common)
    used = _used(tokens, files)
    plain = [number for number, text in enumerate(tokens.texts) if text.replace(SPACE, "").isascii()]
    for number in (*sorted(used, key=lambda number: (-used[number], number)), *plain):
        if tokens.kinds[number] == vocabulary.NORMAL and number not in chosen:
            more = vocabulary.closure(tokens, numbers, [number], chosen)
            if len(chosen) + len(more) > rows:
                break
            chosen |= more
    return Kept(tuple(sorted(chosen)), len(tokens.texts))


def by_rule(tokens: Tokens) -> set[int]:
    """Ids of the characters of RANGES and of all that is written with common Chinese characters."""
    return {
        number
        for number, (text, kind) in enumerate(zip(tokens.texts, tokens.kinds, strict=True))
        if kind == vocabulary.NORMAL and (_in_ranges(text) or _chinese(text))
    }


def texts(folders: Sequence[Path]) -> Iterator[str]:
    """The text files below the folders, tags taken out of pages. Files that cannot be read are left out."""
    for folder in folders:
        for file in sorted(folder.rglob("*")):
            held = HELD_OUT & set(file.relative_to(folder).parts)
            text = file.suffix in _TEXT or file.name == "METADATA"
            if not held and text and file.is_file() and file.stat().st_size <= _LARGEST:
                yield from _read(file)


def _read(file: Path) -> Iterator[str]:
    try:
        data = file.read_bytes()
        text = (gzip.decompress(data) if file.suffix == ".gz" else data).decode("utf-8")
    except (OSError, UnicodeDecodeError, EOFError):
        return
    yield html.unescape(_MARKUP.sub("", text)) if file.suffix == ".html" else text


def _used(tokens: Tokens, files: Iterable[str]) -> Counter[int]:
    """How many files use each token of the whole vocabulary."""
    whole = Kept(tuple(range(len(tokens.texts))), len(tokens.texts))
    backend = vocabulary.tokenizer(tokens, whole).backend_tokenizer
    found: Counter[int] = Counter()
    for text in files:
        lines = backend.encode_batch(text.splitlines(keepends=True), add_special_tokens=False)
        found.update({number for line in lines for number in line.ids})
    return found


def _in_ranges(text: str) -> bool:
    return len(text) == 1 and any(first <= ord(text) <= last for first, last in RANGES)


def _chinese(text: str) -> bool:
    han = [_common_han(character) for character in text]
    marks = [character in _CJK_MARKS for character in text]
    rest = (character == SPACE or character.isascii() for character in text)
    return (any(han) or any(marks)) and all(map(any, zip(han, marks, rest, strict=True)))


def _common_han(character: str) -> bool:
    return "\u4e00" <= character <= "\u9fff" and (
        _encoded(character, "gb2312") != b"" or b"\xa4\x40" <= _encoded(character, "big5") < b"\xc9\x40"
    )


def _encoded(character: str, encoding: str) -> bytes:
    return character.encode(encoding, "ignore")


def main(arguments: Sequence[str]) -> int:
    """Chooses, and writes `vocabulary.npz` beside this file."""
    if len(arguments) < 2:
        print(__doc__, file=sys.stderr)
        return 2
    words = Path(arguments[0]).read_text(encoding="utf-8").split()
    tokens = vocabulary.tokens_of(open_gguf(parts()).metadata)
    kept = choose(tokens, words, texts([Path(name) for name in arguments[1:]]))
    vocabulary.save(vocabulary.STORED, kept)
    print(f"{len(kept.ids)} of {kept.size} tokens are kept; fingerprint {kept.fingerprint}.")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
