"""Step 5: candidates + Case → Answer: grounded, cited, in the user's language, or an abstention.

`compose()` and `abstain()` are the public entries. Every sentence of an answer comes from an entry
of the corpus or states what was read in the paste; citations are numbered here, never by a model.
"""

from assistant.answering.compose import abstain, compose, public_facts, sources_text
from assistant.answering.model import Answer, Basis, Citation, Part, Statement

__all__ = [
    "Answer",
    "Basis",
    "Citation",
    "Part",
    "Statement",
    "abstain",
    "compose",
    "public_facts",
    "sources_text",
]
