"""Scores answers on labelled cases: right topic, key points, wrong advice, abstention, retrieval.

`score` answers and scores each, `by_group` counts; `risk` says how far
confidence can be trusted, `picture` draws that; `saved` keeps a run and compares two; `gaps` lists what users
asked without getting an answer that served them. `tracedoc eval` is their face.
"""

from assistant.evaluation.cases import OUTSIDE, contains, fault_of, turns_of
from assistant.evaluation.figures import by_group, confusions, figures
from assistant.evaluation.scoring import SHOWN, Scored, score, score_answer

__all__ = [
    "OUTSIDE",
    "SHOWN",
    "Scored",
    "by_group",
    "confusions",
    "contains",
    "fault_of",
    "figures",
    "score",
    "score_answer",
    "turns_of",
]
