"""Step 4: question + diagnoses → ranked candidates: signatures and evidence first, then what the
FAISS and lexical indexes find, combined by weights that were fitted on labelled cases.

`candidates()` is the one public entry. Without an index (not built yet) it ranks by diagnosis alone.
"""

from assistant.retrieval.candidates import Candidate, candidates, is_decided
from assistant.retrieval.query import query_of

__all__ = ["Candidate", "candidates", "is_decided", "query_of"]
