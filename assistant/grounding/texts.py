"""The checker's words for people, in both languages: texts.toml."""

import tomllib
from functools import lru_cache
from pathlib import Path

from assistant.grounding.model import Checked, Grounded

# A reply is folded where fewer of its claims are found supported. On our labelled replies (fit.py prints the
# table) 0.5 folds three of four of which less than half is really supported, and one of seven of the others;
# from 0.6 on it would fold more than half of those.
FOLD_BELOW = 0.5


@lru_cache(maxsize=1)
def _texts() -> dict[str, dict[str, str]]:
    return tomllib.loads((Path(__file__).parent / "texts.toml").read_text(encoding="utf-8"))


def why_text(checked: Checked, lang: str) -> str:
    """Why a sentence is not supported, as a clause without a subject; "" where it is."""
    if not checked.why:
        return ""
    detail = checked.detail.replace("`", "")[:120]
    return _texts()[lang if lang in _texts() else "en"][checked.why].replace("{detail}", detail)


def fold_reason(checked: Grounded, threshold: float = FOLD_BELOW) -> str | None:
    """The key of the reason why a reply is folded, None where it is not."""
    if checked.share >= threshold:
        return None
    return "folded" if checked.share > 0 else "folded_none"


def fold_text(key: str, share: float, lang: str) -> str:
    """The sentence that says why a reply is folded."""
    return _texts()[lang if lang in _texts() else "en"][key].replace("{share}", f"{share:.0%}")
