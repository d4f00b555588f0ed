"""What the checker says of a text: plain frozen data."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Checked:
    """One sentence of a text. `start` and `end` are its characters in the text; `why` is a key of
    texts.toml ("" where supported) and `detail` the name, number or citation that it concerns;
    `cited` the ids that it cites, `evidence` the passage (from 1) that says most of it; `claim` is
    False for a heading, a greeting or a pointer, which need no support."""

    text: str
    start: int
    end: int
    supported: bool
    contradicts: bool = False
    why: str = ""
    detail: str = ""
    cited: tuple[int, ...] = ()
    evidence: int | None = None
    claim: bool = True
    score: float = 1.0


@dataclass(frozen=True, slots=True)
class Grounded:
    """A checked text. `share`: supported claims of all claims, 1.0 where there are none."""

    sentences: tuple[Checked, ...]
    share: float


def grounded(sentences: tuple[Checked, ...]) -> Grounded:
    """The sentences with the share of the claims that is supported."""
    claims = [sentence for sentence in sentences if sentence.claim]
    share = sum(sentence.supported for sentence in claims) / len(claims) if claims else 1.0
    return Grounded(sentences, round(share, 4))
