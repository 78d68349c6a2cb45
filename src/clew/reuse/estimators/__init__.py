"""Reuse inside scikit-learn-compatible estimators.

Facts added: that a fitted state is what a `fit` made of these inputs, that an array is what a
`transform` returned, that `X[train]` is a slice of `X`. Each fact is named by the hash of what
produced it, so the second call that asks for it is answered from the first one's result.
"""
