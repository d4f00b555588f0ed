"""Step 4: question + diagnoses → ranked candidates: signatures and evidence first, then what the
FAISS and lexical indexes find, combined by weights that were fitted on labelled cases.

`similarities()` searches, `candidates()` ranks the entries, `ranked_points()` the causes within the likeliest
topic. Without an index (not built yet) they rank by diagnosis and words alone.
"""

from assistant.retrieval.candidates import (
    Candidate,
    Similarity,
    candidates,
    is_decided,
    point_features,
    ranked_points,
    similarities,
)
from assistant.retrieval.query import query_of

__all__ = [
    "Candidate",
    "Similarity",
    "candidates",
    "is_decided",
    "point_features",
    "query_of",
    "ranked_points",
    "similarities",
]
