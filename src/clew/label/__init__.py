"""Weak labels: functions that vote on rows, and models of how far each vote can be trusted.

`apply` computes the label matrix, a column per function, each computed once; `analyze` says what
the functions cover and where they disagree; `LabelModel`, `TripletModel` and `MajorityVote` turn
votes into probabilistic labels for any learner.
"""

from clew.label.analysis import Analysis, analyze, disagreement
from clew.label.columns import apply
from clew.label.functions import (
    LabelingFunction,
    from_model,
    keyword,
    labeling_function,
    regex,
    sql,
)
from clew.label.majority import MajorityVote
from clew.label.matrix import ABSTAIN, LabelMatrix
from clew.label.model import LabelModel
from clew.label.patterns import Patterns
from clew.label.triplets import TripletModel

__all__ = [
    "ABSTAIN",
    "Analysis",
    "LabelMatrix",
    "LabelModel",
    "LabelingFunction",
    "MajorityVote",
    "Patterns",
    "TripletModel",
    "analyze",
    "apply",
    "disagreement",
    "from_model",
    "keyword",
    "labeling_function",
    "regex",
    "sql",
]
