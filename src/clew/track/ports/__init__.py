"""The ports of tracking: what it asks of a store.

They keep MLflow's semantics (3.18), so that every edge, its wire protocol included, only
translates. All methods may be called from several threads and processes at once; each write is
atomic and, once it returns, survives the death of every process. What was returned stays valid and
never changes.

Errors, the same for all ports
------------------------------
`NotFound`
    No such experiment, run, model, key, file (MLflow: ``RESOURCE_DOES_NOT_EXIST``).
`AlreadyExists`
    The name or id is taken, by something deleted too (``RESOURCE_ALREADY_EXISTS``).
`InvalidState`
    An experiment or model is deleted, or is not (``INVALID_STATE``).
`InvalidParameter`, `WrongType`
    A value breaks a rule, a run that is written to is deleted, a filter cannot be parsed
    (``INVALID_PARAMETER_VALUE``).
`StoreError`
    The store cannot be read or written (``TEMPORARILY_UNAVAILABLE``).

Where MLflow has a text for the case, ``error.message`` is that text exactly; what clew adds stands
in ``got``, ``expected`` and ``hint``.

Limits
------
Keys of metrics, params and tags: 250 characters of letters, digits, ``_-. /:``, and no path that
normalises to another (``a/../b``). Values of params 6,000 characters, of tags 8,000 (longer ones
are cut, as MLflow's server does), of experiment tags 20,000 (longer ones are refused). Experiment
names 500. A batch holds up to 1,000 metrics, 100 params, 100 tags, 1,000 in all. Steps and times
fit 64 bits.
"""

from clew.track.ports.files import Artifacts, ArtifactWriter
from clew.track.ports.finding import Datasets, Histories, Search
from clew.track.ports.keeping import Audit, Traces, Trash
from clew.track.ports.models import LoggedModels
from clew.track.ports.runs import Experiments, Logging, Runs

__all__ = [
    "ArtifactWriter",
    "Artifacts",
    "Audit",
    "Datasets",
    "Experiments",
    "Histories",
    "LoggedModels",
    "Logging",
    "Runs",
    "Search",
    "Traces",
    "Trash",
]
