"""What each token of a vocabulary stands for, in bytes: for streaming text, and for saying what may be written.

Byte-level vocabularies spell bytes as printable characters, SentencePiece ones write the space as "▁" and
bytes as "<0xAB>". Which of them a tokenizer has is read from its decoder, and then tried on real text: a
tokenizer that is neither is asked token by token.
"""

import codecs
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

_BYTE_TOKEN = re.compile(r"<0x([0-9A-F]{2})>")
_SAMPLE = "The `load_in_4bit=True` flag, 24 GB:\n\tnaïve — 显存不足时，把 batch size 调小。 ok"


@dataclass(frozen=True, slots=True)
class Pieces:
    """`data[id]` is what token `id` adds to the text; b"" for control tokens (end of turn, padding and the
    like, which are never part of a text): `control` has how each of them is written."""

    data: tuple[bytes, ...]
    control: Mapping[int, bytes]

    def text(self, ids: Sequence[int]) -> str:
        """The text of some tokens; bytes that are no character become U+FFFD."""
        return b"".join(self.data[token] for token in ids).decode("utf-8", "replace")


def pieces_of(tokenizer: Any, size: int | None = None) -> Pieces:
    """The pieces of a transformers tokenizer; `size` is the number of the model's scores, which is often
    larger than the vocabulary (what is beyond it is control)."""
    added = {int(token): each for token, each in tokenizer.added_tokens_decoder.items()}
    special = {token for token, each in added.items() if each.special} | set(tokenizer.all_special_ids)
    count = max(len(tokenizer), size or 0)
    names = tokenizer.convert_ids_to_tokens(list(range(len(tokenizer))))
    names += [None] * (count - len(names))
    spell = _from_bytes if _is_byte_level(tokenizer) else _from_sentencepiece
    data = [
        b""
        if name is None or token in special
        else added[token].content.encode()
        if token in added
        else spell(name)
        for token, name in enumerate(names)
    ]
    control = {
        token: (name or "").encode() for token, name in enumerate(names) if name is None or token in special
    }
    found = Pieces(tuple(data), control)
    ids = tokenizer(_SAMPLE, add_special_tokens=False)["input_ids"]
    if found.text(ids).lstrip(" ") != tokenizer.decode(ids, clean_up_tokenization_spaces=False).lstrip(" "):
        return Pieces(_asked(tokenizer, control, count), control)
    return found


class TextStream:
    """Text of tokens as they come: a character is given once all its bytes are there. O(1) a token.
    `show_control` spells control tokens out: some models mark the calls of tools with them."""

    def __init__(self, pieces: Pieces, show_control: bool = False) -> None:
        self._pieces = pieces
        self._show_control = show_control
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")

    def add(self, token: int) -> str:
        """The text that this token completes, often its own, sometimes ""."""
        data = self._pieces.data[token]
        if not data and self._show_control:
            data = self._pieces.control.get(token, b"")
        return self._decoder.decode(data)


def _is_byte_level(tokenizer: Any) -> bool:
    backend = getattr(tokenizer, "backend_tokenizer", None)
    decoder = getattr(backend, "decoder", None)
    if decoder is None:
        return False
    state = json.loads(decoder.__getstate__())
    steps = state.get("decoders", [state])
    return any(step.get("type") == "ByteLevel" for step in steps)


def _byte_letters() -> dict[str, int]:
    """The printable characters that byte-level vocabularies write for bytes: visible Latin-1 stands for
    itself, the others follow from U+0100 on, in order."""
    visible = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    hidden = [value for value in range(256) if value not in visible]
    return {chr(value): value for value in visible} | {
        chr(0x100 + place): value for place, value in enumerate(hidden)
    }


_LETTERS = _byte_letters()


def _from_bytes(name: str) -> bytes:
    try:
        return bytes(_LETTERS[letter] for letter in name)
    except KeyError:
        return name.encode()


def _from_sentencepiece(name: str) -> bytes:
    match = _BYTE_TOKEN.fullmatch(name)
    return bytes([int(match[1], 16)]) if match else name.replace("▁", " ").encode()


def _asked(tokenizer: Any, control: Mapping[int, bytes], count: int) -> tuple[bytes, ...]:
    """Each token as what it adds behind another one."""
    anchor = tokenizer("a", add_special_tokens=False)["input_ids"]
    before = tokenizer.decode(anchor)
    rows = [[*anchor, token] for token in range(count) if token not in control]
    texts = iter(tokenizer.batch_decode(rows, clean_up_tokenization_spaces=False))
    return tuple(
        b"" if token in control else next(texts).removeprefix(before).encode() for token in range(count)
    )
