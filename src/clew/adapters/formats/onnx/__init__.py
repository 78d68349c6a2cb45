"""ONNX: scikit-learn, xgboost and lightgbm models as graphs, and graphs as functions.

What scikit-learn's converter does not do exactly is done here: every tree ensemble keeps its
thresholds, leaf values and sums in double precision, in the order of the original.
"""

from __future__ import annotations
