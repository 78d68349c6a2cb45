"""Gates: what a new model must show, with which guarantee, from how few labels.

Adds verdicts. `Gate` says what must hold and how surely, `plan` how many labels that takes,
`judge` gives the verdict or the ids of the rows to label next. The test sets' budgets and the
records are kept by `clew.app.gates`.

Source: Renggli, C. et al. (2019), *Continuous Integration of Machine Learning Models with
ease.ml/ci: Towards a Rigorous Yet Practical Treatment*, SysML.
"""

from clew.debug.gates.adaptivity import Adaptivity
from clew.debug.gates.condition import Clause, Quantity, parse
from clew.debug.gates.gate import Gate, gate_of, read_file
from clew.debug.gates.judge import judge
from clew.debug.gates.ledger import RowSet, Step
from clew.debug.gates.plan import ClausePlan, Plan, plan
from clew.debug.gates.render import junit, markdown, needs
from clew.debug.gates.rows import Rows
from clew.debug.gates.verdict import Finding, Verdict

__all__ = [
    "Adaptivity",
    "Clause",
    "ClausePlan",
    "Finding",
    "Gate",
    "Plan",
    "Quantity",
    "RowSet",
    "Rows",
    "Step",
    "Verdict",
    "gate_of",
    "judge",
    "junit",
    "markdown",
    "needs",
    "parse",
    "plan",
    "read_file",
]
