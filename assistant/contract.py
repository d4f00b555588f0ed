"""Answers as the JSON contract of `ask --json` and `POST /api/ask` prints them."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from assistant.answering import Answer

if TYPE_CHECKING:
    from assistant.generation.reply import Reply
    from index.search import Hit


def as_json(answer: Answer, name: Any = None, reply: "Reply | None" = None) -> dict[str, Any]:
    """One answer as a JSON object; `name` is the id that the caller gave to the input, if any, and
    `reply` what a language model wrote to it."""
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
        "lm": reply_as_json(reply) if reply else None,
    }


def reply_as_json(reply: "Reply") -> dict[str, Any]:
    """A model's checked reply as the `lm` object of an answer."""
    ended = reply.finished
    return {
        "model": reply.model,
        "adapter": reply.adapter,
        "quantization": reply.quantization,
        "evidence": [{"n": each.n, "text": each.text} for each in reply.evidence],
        "reply": reply.markdown,
        "folded": reply.folded,
        "citations": list(reply.citations),
        "removed_citations": reply.removed_citations,
        "flagged": [{"text": flag.text, "why": flag.why} for flag in reply.flagged],
        "grounded": reply.grounded,
        "prompt_tokens": ended.prompt_tokens if ended else 0,
        "new_tokens": ended.new_tokens if ended else 0,
        "first_token_ms": round(ended.first_token_ms, 1) if ended else 0.0,
        "tokens_per_s": round(ended.tokens_per_s, 2) if ended else 0.0,
        "stopped": ended.stopped if ended else "error",
        "error": ended.error if ended else None,
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
