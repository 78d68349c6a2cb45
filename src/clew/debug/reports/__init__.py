"""The report on a model and a dataset: one document, as data, Markdown or HTML.

- `report`: of one model; `reports`: of several, with what is true of the data found once.
- `Report`: what comes of it.
"""

from clew.debug.reports.write import Report, report, reports

__all__ = ["Report", "report", "reports"]
