"""Model assertions: what must not be wrong with answers, whoever the model is.

- `assertion`: a function that says how wrong answers are, for a row, a batch, or a window of time.
- `consistent`: assertions made from an identifier: what is the same thing has the same answer.
- `Suite`: several together: checked on any answers, and guarding those that are given.
- `choose`: which rows to label next.

After Kang et al., "Model Assertions for Monitoring and Improving ML Models" (2020).
"""

from clew.debug.assertions.assertion import Assertion, assertion
from clew.debug.assertions.choose import choose
from clew.debug.assertions.consistency import consistent
from clew.debug.assertions.suite import Guarded, Report, Suite

__all__ = ["Assertion", "Guarded", "Report", "Suite", "assertion", "choose", "consistent"]
