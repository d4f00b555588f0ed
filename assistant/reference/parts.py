"""The parts of a name: `per_device_train_batch_size` and `DataCollatorWithPadding` in words."""

import re
from functools import cache

_PART = re.compile(r"[A-Z]{2,}(?![a-z])|[A-Z]?[a-z]+|[A-Z]+(?=[A-Z][a-z])|[A-Z]|\d+", re.ASCII)


@cache
def parts(name: str) -> tuple[str, ...]:
    """Lower-case words of a name, each once, in order."""
    return tuple(dict.fromkeys(part.lower() for part in _PART.findall(name)))


def looks_like_code(word: str) -> bool:
    """Whether a word without dots looks like a name in code: an underscore, or capitals within."""
    inner = word[1:]
    mixed = word[0].isupper() and any(map(str.islower, word)) and not inner.islower()
    return "_" in word.strip("_") or mixed
