"""What a tool computed, as a source that a reply can cite."""

from assistant.answering import Citation
from assistant.tools.model import Context


def as_source(passage: str, title: str, text: str, context: Context, address: str = "") -> Citation:
    """A source numbered on from those that were given; one that was given before keeps its number."""
    known = {each.passage: each.n for each in context.citations}
    n = known.get(passage) or max(known.values(), default=0) + 1
    return Citation(n=n, passage=passage, text=text, section="", title=title, source=address)
