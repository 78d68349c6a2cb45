"""How a model treats groups of people: metrics by group, the largest gaps, mitigation.

- `by_group`: by fairlearn, with intervals.
- `mitigated`: a classifier trained under a constraint of fairness, by fairlearn's reductions.
"""

from clew.debug.fairness.groups import Fairness, Gap, Group, by_group
from clew.debug.fairness.mitigate import mitigated

__all__ = ["Fairness", "Gap", "Group", "by_group", "mitigated"]
