"""A verdict for others to read: Markdown for people, JUnit's XML for CI."""

from __future__ import annotations

from xml.etree import ElementTree

from clew.debug.gates.plan import Plan
from clew.debug.gates.verdict import Verdict


def markdown(verdict: Verdict, *, evidence: bool = False) -> str:
    """Return a verdict as Markdown.

    Parameters
    ----------
    evidence : bool
        With the numbers behind it.
    """
    lines = [f"## {verdict.gate}: {verdict.outcome}", ""]
    if evidence:
        lines += ["| condition | verdict | test | why |", "|---|---|---|---|"]
        lines += [
            f"| `{one.clause}` | {one.outcome} | {one.method} | {one.reason} |"
            for one in verdict.findings
        ]
    else:
        lines += ["| condition | test |", "|---|---|"]
        lines += [f"| `{one.clause}` | {one.method} |" for one in verdict.findings]
    if verdict.asked:
        lines += ["", f"{len(verdict.asked)} rows to label: " + ", ".join(verdict.asked)]
    return "\n".join(lines) + "\n"


def junit(verdict: Verdict, *, evidence: bool = False) -> str:
    """Return a verdict as the XML that CI systems read: one test a condition with `evidence`."""
    suite = ElementTree.Element("testsuite", name=verdict.gate)
    cases = (
        [(one.clause, one.outcome, one.reason) for one in verdict.findings]
        if evidence
        else [(verdict.gate, verdict.outcome, "")]
    )
    failures = skipped = 0
    for name, outcome, reason in cases:
        case = ElementTree.SubElement(suite, "testcase", classname=verdict.gate, name=name)
        if outcome == "FAIL":
            failures += 1
            ElementTree.SubElement(case, "failure", message=reason or outcome)
        elif outcome != "PASS":
            skipped += 1
            ElementTree.SubElement(case, "skipped", message=reason or outcome)
    suite.set("tests", str(len(cases)))
    suite.set("failures", str(failures))
    suite.set("skipped", str(skipped))
    return ElementTree.tostring(suite, encoding="unicode", xml_declaration=True) + "\n"


def needs(plan: Plan) -> list[tuple[str, str, int, int]]:
    """Return per condition: as it was written, its test, rows, labels."""
    return [(one.clause.text, one.method, one.rows, one.labels) for one in plan.tests]
