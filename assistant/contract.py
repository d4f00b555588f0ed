"""Answers as the JSON contract of `ask --json` and `POST /api/ask` prints them."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from assistant.answering import Answer

if TYPE_CHECKING:
    from index.search import Hit


def as_json(answer: Answer, name: Any = None) -> dict[str, Any]:
    """One answer as a JSON object; `name` is the id that the caller gave to the input, if any."""
    return {
        "id": name,
        "lang": answer.lang,
        "kind": answer.kind,
        "topic": answer.topic,
        "confidence": answer.confidence,
        "abstained": answer.abstained,
        "answer": answer.markdown,
        "basis": answer.basis,
        "citations": [asdict(citation) for citation in answer.citations],
        "facts": dict(answer.facts),
        "preset": answer.preset,
        "ms": answer.ms,
        "lm": None,
    }


def hits_as_json(query: str, hits: "Sequence[Hit]") -> dict[str, Any]:
    """Found passages as `search --json` and `POST /api/search` print them."""
    return {
        "query": query,
        "hits": [
            {
                "passage": hit.passage.id,
                "entry": hit.passage.entry,
                "topic": hit.passage.topic,
                "lang": hit.passage.lang,
                "score": round(hit.score, 4),
                "text": hit.passage.text,
                "source": hit.passage.source,
            }
            for hit in hits
        ],
    }
