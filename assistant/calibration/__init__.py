"""How much each sign counts, and when to abstain: two small linear models whose weights were fitted
on labelled cases of our own in both languages (`python -m assistant.calibration CASES …`).

`rank` orders candidates of one message; `covered` is the probability that the corpus covers it.
The weights, and the threshold that follows from the fit, stand in weights.json.
"""

from assistant.calibration.features import Features, GateFeatures
from assistant.calibration.model import covered, rank, threshold

__all__ = ["Features", "GateFeatures", "covered", "rank", "threshold"]
