"""A smaller vocabulary for a Gemma model: which tokens stay, and the tokenizer made of them.

Half of a small model's time goes into scoring a vocabulary of 140 languages. What English, Chinese and
code need is kept, in the old order, so that every text whose tokens were all kept is cut as before: a
kept token's own pieces are kept too (`closure`), and merges keep their order. Anything else falls to
smaller pieces, at last to bytes, and never gets lost. The kept ids of the packaged model are stored in
`vocabulary.npz`, because adapters are trained for them; `choose_vocabulary.py` made it.
"""

import hashlib
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

STORED = Path(__file__).with_name("vocabulary.npz")
SPACE = "▁"
NORMAL, CONTROL, USER_DEFINED, BYTE = 1, 3, 4, 6
"""Kinds of tokens, as GGUF numbers them."""

_MERGED = (NORMAL, USER_DEFINED)
_ALWAYS = ("<pad>", "<eos>", "<bos>", "<unk>", "<mask>", "<start_of_turn>", "<end_of_turn>")


@dataclass(frozen=True, slots=True)
class Tokens:
    """A whole vocabulary in the order of ids: each token's text (spaces as ▁) and its kind."""

    texts: tuple[str, ...]
    kinds: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Kept:
    """The ids that stay, ascending, as their new numbers follow; `size` is that of the old vocabulary."""

    ids: tuple[int, ...]
    size: int

    @property
    def fingerprint(self) -> str:
        """Eight hex digits that tell one choice from another."""
        return hashlib.sha256(_mask(self).tobytes()).hexdigest()[:8]


def tokens_of(metadata: Mapping[str, Any]) -> Tokens:
    """The vocabulary in a GGUF file's metadata."""
    # Runs of spaces are written as they are, where the tokenizer looks for ▁.
    texts = [
        SPACE * len(text) if text and not text.strip(" ") else text
        for text in metadata["tokenizer.ggml.tokens"]
    ]
    return Tokens(tuple(texts), tuple(metadata["tokenizer.ggml.token_type"]))


def always(tokens: Tokens) -> set[int]:
    """Ids without which no text could be written: marks of turns, bytes, white space, tags."""
    return {
        number
        for number, (text, kind) in enumerate(zip(tokens.texts, tokens.kinds, strict=True))
        if kind in (USER_DEFINED, BYTE) or (kind == CONTROL and text in _ALWAYS)
    }


def closure(
    tokens: Tokens, numbers: Mapping[str, int], chosen: Iterable[int], known: Container[int] = ()
) -> set[int]:
    """The chosen ids and those of every piece that they are merged from, less those that are `known` with
    all of their pieces. `numbers` is `mergeable(tokens)`."""
    found = {number for number in chosen if number not in known}
    todo = list(found)
    while todo:
        number = todo.pop()
        if tokens.kinds[number] in _MERGED:
            fresh = {
                piece
                for piece in _pieces(tokens.texts[number], numbers)
                if piece not in known and piece not in found
            }
            found |= fresh
            todo += fresh
    return found


def mergeable(tokens: Tokens) -> dict[str, int]:
    """Ids by text of what merging may make: not the marks of turns, and not the bytes, or the text
    "<0x0A>" would become a line's end."""
    return {
        text: number
        for number, (text, kind) in enumerate(zip(tokens.texts, tokens.kinds, strict=True))
        if kind in _MERGED
    }


def merges(tokens: Tokens, kept: Sequence[int]) -> list[tuple[str, str]]:
    """The pairs that are merged, first ones first: by the id of the whole, then the longer left piece."""
    chosen = set(kept)
    numbers = {text: number for text, number in mergeable(tokens).items() if number in chosen}
    return [
        (text[:cut], text[cut:])
        for text in numbers
        for cut in range(len(text) - 1, 0, -1)
        if text[:cut] in numbers and text[cut:] in numbers
    ]


def tokenizer(tokens: Tokens, kept: Kept) -> Any:
    """The transformers tokenizer of the kept tokens, with new ids from 0 on."""
    from tokenizers import AddedToken
    from transformers import GemmaTokenizer

    texts = [tokens.texts[number] for number in kept.ids]
    kinds = [tokens.kinds[number] for number in kept.ids]
    made = GemmaTokenizer(
        vocab={text: new for new, text in enumerate(texts)},
        merges=merges(tokens, kept.ids),
        add_bos_token=True,
    )
    # These are found in a text before it is cut, never by merging.
    known = set(made.all_special_tokens)
    special = [
        AddedToken(text, normalized=False, special=True)
        for text, kind in zip(texts, kinds, strict=True)
        if kind == CONTROL and text not in known
    ]
    whole = [
        AddedToken(text, normalized=False, special=False)
        for text, kind in zip(texts, kinds, strict=True)
        if kind == USER_DEFINED and text.strip(SPACE)
    ]
    made.add_special_tokens({"additional_special_tokens": special}, replace_extra_special_tokens=False)
    made.add_tokens(whole)
    return made


@cache
def stored() -> Kept:
    """The kept ids of the packaged model."""
    return load(STORED)


def load(file: Path) -> Kept:
    """Reads kept ids. Raises OSError."""
    import numpy as np

    with np.load(file) as data:
        size = int(data["size"])
        mask = np.unpackbits(data["mask"], count=size)
    return Kept(tuple(np.flatnonzero(mask).tolist()), size)


def save(file: Path, kept: Kept) -> None:
    """Writes kept ids, one bit a token of the old vocabulary. Raises OSError."""
    import numpy as np

    np.savez_compressed(file, mask=_mask(kept), size=np.int64(kept.size))


def _mask(kept: Kept) -> "NDArray[np.uint8]":
    import numpy as np

    mask = np.zeros(kept.size, np.uint8)
    mask[list(kept.ids)] = 1
    return np.packbits(mask)


def _pieces(text: str, numbers: Mapping[str, int]) -> list[int]:
    """Every id that occurs while a text is merged: of its characters and of all that becomes of them."""
    parts = list(text)
    seen = [numbers[part] for part in parts if part in numbers]
    while len(parts) > 1:
        wholes = [(numbers.get(parts[at] + parts[at + 1]), at) for at in range(len(parts) - 1)]
        number, at = min(((whole, at) for whole, at in wholes if whole is not None), default=(None, 0))
        if number is None:
            break
        parts[at : at + 2] = [parts[at] + parts[at + 1]]
        seen.append(number)
    return seen
