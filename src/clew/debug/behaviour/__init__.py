"""How answers move with one column: whether they rise, fall, or jump, and rows that show it.

- `check_monotone`, `check_smooth`: of any model.
- `constrained`: a learner that is trained so that its answers only rise or fall.
"""

from clew.debug.behaviour.constrain import constrained
from clew.debug.behaviour.sweep import Behaviour, Counterexample, check_monotone, check_smooth

__all__ = ["Behaviour", "Counterexample", "check_monotone", "check_smooth", "constrained"]
