"""How much each sign counts, and when to abstain: small linear models whose weights were fitted on
labelled cases of our own in both languages (`python -m assistant.calibration CASES …`).

`topic_probabilities` judges a message's words; `rank` orders its candidates, `rank_point`
the causes within the likeliest topic; `covered` is the
probability that the corpus covers it. The weights, and the threshold that follows from the fit, stand
in weights.json and topics.npz.
"""

from assistant.calibration.features import Features, GateFeatures, PointFeatures
from assistant.calibration.model import covered, rank, rank_point, threshold
from assistant.calibration.topics import OUTSIDE, scaled, topic_probabilities

__all__ = [
    "OUTSIDE",
    "Features",
    "GateFeatures",
    "PointFeatures",
    "covered",
    "rank",
    "rank_point",
    "scaled",
    "threshold",
    "topic_probabilities",
]
