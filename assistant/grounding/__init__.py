"""Says for each sentence of a reply whether the evidence states it. No language model, no network.

`check` takes a whole text, `SentenceStream` one that is still being written.
"""

from assistant.grounding.check import check
from assistant.grounding.model import Checked, Grounded, grounded
from assistant.grounding.stream import SentenceStream
from assistant.grounding.texts import FOLD_BELOW, fold_reason, fold_text, why_text

__all__ = [
    "FOLD_BELOW",
    "Checked",
    "Grounded",
    "SentenceStream",
    "check",
    "fold_reason",
    "fold_text",
    "grounded",
    "why_text",
]
