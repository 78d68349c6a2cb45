"""Which columns a model's answers depend on, by the libraries of the field.

- `permuted`: how much worse a model is with a column shuffled (scikit-learn).
- `partial`: the mean answer with a column set to a value (scikit-learn).
- `shapley`: what each column adds to each answer (shap).
"""

from clew.debug.importance.columns import Importance, Shapley, partial, permuted, shapley

__all__ = ["Importance", "Shapley", "partial", "permuted", "shapley"]
