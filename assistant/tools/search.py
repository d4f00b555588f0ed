"""`search_corpus`: passages of the corpus and of the user's notes, numbered as sources."""

import threading
from collections.abc import Iterator

from pydantic import BaseModel, Field

from assistant.answering import Citation
from assistant.case import build_case
from assistant.pipeline import NEAR, probability_covered, rank_case, search
from assistant.reading import read
from assistant.retrieval import ranked_points
from assistant.tools.model import Context, Found
from assistant.tools.words import words
from corpus.passages import Passage, of_entry


class Query(BaseModel):
    """What the model sends."""

    query: str = Field(
        min_length=2,
        max_length=400,
        description="What to look for: an error message, an API name, or a question",
    )
    k: int = Field(3, ge=1, le=5, description="How many passages")


def search_corpus(asked: Query, context: Context, cancelled: threading.Event) -> Found:
    """The passages that fit a query best; none where the corpus does not cover it."""
    said = words(context.lang)
    found = list(_passages(asked, context))
    if not found:
        return Found(said["model_nothing"], ok=False)
    citations = numbered(found, context.citations)
    text = "\n\n".join(f"[{each.n}] {each.title}\n{each.text}" for each in citations)
    return Found(text, citations)


def numbered(found: list[Passage], given: tuple[Citation, ...]) -> tuple[Citation, ...]:
    """Passages as citations. One that was given before keeps its number."""
    known = {each.passage: each.n for each in given}
    following = iter(range(max(known.values(), default=0) + 1, 1 << 16))
    return tuple(
        Citation(
            n=known[each.id] if each.id in known else next(following),
            passage=each.id,
            text=each.text,
            section=each.section,
            title=each.heading,
            source=each.source,
        )
        for each in found
    )


def _passages(asked: Query, context: Context) -> Iterator[Passage]:
    engine = context.engine
    case = build_case([read(asked.query)], context.lang)
    if not case.reading.text.strip():
        return
    ranking = rank_case(engine, case)
    if probability_covered(case, ranking) < NEAR:
        return
    if engine.find_index() is not None:
        yield from (hit.passage for hit in search(engine, asked.query, asked.k, case.lang))
        return
    # without an index: what signatures and evidence point to
    for point in ranked_points(ranking.candidates, ranking.similar)[: asked.k]:
        wanted = f"{point.entry.id}#{point.point.id}.{case.lang}"
        yield from (each for each in of_entry(point.entry, case.lang) if each.id == wanted)
