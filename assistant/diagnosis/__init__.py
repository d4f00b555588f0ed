"""Step 3: Reading → ranked Diagnoses: the corpus's signatures and evidence that match, with what
they captured and why one cause was chosen before another. `diagnose()` is the one public entry.

This step needs no index and no network. What it finds nothing for is left to retrieval.
"""

from assistant.diagnosis.continuity import link, rejects_advice, says_thanks
from assistant.diagnosis.diagnose import diagnose
from assistant.diagnosis.model import Diagnosis, PointMatch, Reason
from assistant.diagnosis.patterns import Patterns, compile_patterns

__all__ = [
    "Diagnosis",
    "Patterns",
    "PointMatch",
    "Reason",
    "compile_patterns",
    "diagnose",
    "link",
    "rejects_advice",
    "says_thanks",
]
