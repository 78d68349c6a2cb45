"""Reads of the world that can be seen in code: clock, environment, entropy, network, files.

A step that makes one without declaring it has no sound key, so it is executed. Files are another
matter: which ones are opened is seen when the step runs. What hides behind a library function (an
estimator that reads the clock) cannot be seen here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from clew.lineage.code.reads import Call

_CLOCK = "reads the clock"
_ENVIRONMENT = "reads the environment"
_ENTROPY = "draws fresh entropy"
_NETWORK = "reaches the network"
_INPUT = "reads what the process was given"
_PROGRAM = "runs another program"
_PLACE = "depends on the folder where the process stands"
_FILE_TIME = "reads the time of a file"
_LINK = "reads where a link leads"
_STATE = "reads a state of the interpreter"
_TEXT = "reads the text of code"
_CLOCKS = ("time", "perf_counter", "monotonic", "process_time", "thread_time")
_NOW = ("now", "utcnow", "today")

_ALWAYS: dict[str, str] = {
    **{f"time.{clock}{unit}": _CLOCK for clock in _CLOCKS for unit in ("", "_ns")},
    **{f"datetime.datetime.{name}": _CLOCK for name in _NOW},
    "datetime.date.today": _CLOCK,
    **{f"pandas.Timestamp.{name}": _CLOCK for name in _NOW},
    **{f"pandas._libs.tslibs.timestamps.Timestamp.{name}": _CLOCK for name in _NOW},
    **{f"os.{name}": _ENVIRONMENT for name in ("environ", "environb", "getenv", "getenvb")},
    **{f"os.{name}": _ENVIRONMENT for name in ("getcwd", "getlogin", "uname")},
    **{f"os.{name}": _ENVIRONMENT for name in ("getpid", "getppid", "getloadavg", "times")},
    **{f"os.path.{name}": _PLACE for name in ("abspath", "realpath", "relpath")},
    **{f"os.path.{name}": _ENVIRONMENT for name in ("expanduser", "expandvars")},
    **{f"os.path.get{name}time": _FILE_TIME for name in "acm"},
    "os.readlink": _LINK,
    **{f"pathlib.Path.{name}": _PLACE for name in ("cwd", "absolute", "resolve")},
    **{f"pathlib.Path.{name}": _ENVIRONMENT for name in ("home", "expanduser")},
    "platform": _ENVIRONMENT,
    "getpass": _ENVIRONMENT,
    **{f"uuid.{name}": _ENTROPY for name in ("uuid1", "uuid4", "getnode")},
    **dict.fromkeys(("secrets", "os.urandom", "random.SystemRandom"), _ENTROPY),
    **{f"sys.{name}": _INPUT for name in ("argv", "stdin", "orig_argv")},
    **{f"sys.{name}": _STATE for name in ("modules", "path", "getrecursionlimit")},
    **{f"inspect.get{name}": _TEXT for name in ("source", "sourcelines", "doc", "comments")},
    "builtins.input": _INPUT,
    **dict.fromkeys(("requests", "httpx", "urllib.request", "urllib3", "aiohttp"), _NETWORK),
    **dict.fromkeys(("socket", "http.client", "ftplib", "boto3", "botocore"), _NETWORK),
    **dict.fromkeys(("subprocess", "os.system", "os.popen"), _PROGRAM),
}
_WITHOUT_ARGUMENTS: dict[str, str] = {
    **{f"time.{name}": _CLOCK for name in ("localtime", "gmtime", "ctime", "asctime")},
    **{f"numpy.random.{name}": _ENTROPY for name in ("default_rng", "RandomState", "SeedSequence")},
    **{f"numpy.random.{name}": _ENTROPY for name in ("PCG64", "PCG64DXSM", "MT19937", "Philox")},
    "numpy.random.SFC64": _ENTROPY,
    "numpy.random.mtrand.RandomState": _ENTROPY,
    "random.Random": _ENTROPY,
}
_NOW_TEXTS = {"now", "today"}
_DATES = {
    *("pandas.Timestamp", "pandas.to_datetime", "pandas.DatetimeIndex", "pandas.Period"),
    *("numpy.datetime64", "pandas._libs.tslibs.timestamps.Timestamp"),
}
"""What takes the text "now" for the time at which it is called."""
_QUERIES = {f"duckdb.{name}" for name in ("execute", "from_query", "query", "sql")}
_OPENERS = {
    "builtins.open",
    "os.listdir",
    "os.scandir",
    "os.walk",
    "glob.glob",
    "glob.iglob",
    "numpy.load",
    "numpy.loadtxt",
    "numpy.genfromtxt",
    "numpy.fromfile",
    "numpy.memmap",
    "joblib.load",
    "torch.load",
    "linecache.getlines",
    "pyarrow.memory_map",
    "pyarrow.input_stream",
    "pyarrow.OSFile",
    "pyarrow.csv.open_csv",
    "pyarrow.dataset.dataset",
    "pyarrow.orc.ORCFile",
    "pyarrow.parquet.ParquetFile",
    "pyarrow.parquet.ParquetDataset",
    "duckdb.connect",
    *_QUERIES,
}
_OPENER_PREFIXES = (
    *("pandas.read_", "polars.read_", "polars.scan_", "duckdb.read_", "duckdb.from_csv"),
    *("duckdb.from_parquet", "pyarrow.csv.read_", "pyarrow.json.read_", "pyarrow.feather.read_"),
    *("pyarrow.orc.read_", "pyarrow.parquet.read_", "scipy.io.load"),
)
_INSIDE = {
    "_duckdb.": "duckdb.",
    "duckdb._relation.module_": "duckdb.",
    "pyarrow._csv.": "pyarrow.csv.",
    "pyarrow._json.": "pyarrow.json.",
    "pyarrow.lib.": "pyarrow.",
    "pyarrow.parquet.core.": "pyarrow.parquet.",
    "pathlib._local.": "pathlib.",
}
"""Where libraries define what they offer elsewhere."""
_ALIASES = {"posix": "os", "nt": "os", "posixpath": "os.path", "ntpath": "os.path"}
_SAME = {
    "genericpath.getmtime": "os.path.getmtime",
    "genericpath.getctime": "os.path.getctime",
    "genericpath.getatime": "os.path.getatime",
    "_io.open": "builtins.open",
    "io.open": "builtins.open",
}
_DRAWS_TORCH = ("rand", "randn", "randint", "randperm", "normal", "bernoulli", "multinomial")


@dataclass(frozen=True, slots=True)
class Finding:
    """One visible read of the world, as a readable text."""

    kind: Literal["ambient", "generator", "file", "dynamic", "cache"]
    text: str


def canonical_name(dotted: str) -> str:
    """Return the public name of a library object: ``posix.urandom`` is ``os.urandom``.

    Examples
    --------
    >>> canonical_name("posix.urandom"), canonical_name("pandas.io.parsers.readers.read_csv")
    ('os.urandom', 'pandas.read_csv')
    """
    if dotted in _SAME:
        return _SAME[dotted]
    for inside, offered in _INSIDE.items():
        if dotted.startswith(inside):
            dotted = offered + dotted.removeprefix(inside)
    top, _, rest = dotted.partition(".")
    dotted = f"{_ALIASES.get(top, top)}.{rest}" if rest else top
    if (top in ("pandas", "polars") and ".read_" in dotted) or ".scan_" in dotted:
        return f"{top}.{dotted.rpartition('.')[2]}"
    return dotted


def finding(dotted: str, calls: tuple[Call, ...]) -> Finding | None:
    """Classify the use of a library object.

    Parameters
    ----------
    dotted : str
        Its canonical qualified name, with the attributes that are taken of it.
    calls : tuple of Call
        How it is called.
    """
    parts = dotted.split(".")
    for end in range(1, len(parts) + 1):
        name = ".".join(parts[:end])
        if name in _ALWAYS:
            return Finding("ambient", f"{dotted}: {_ALWAYS[name]}")
    if dotted in _WITHOUT_ARGUMENTS and any(call.unseeded for call in calls):
        return Finding("ambient", f"{dotted}() without arguments: {_WITHOUT_ARGUMENTS[dotted]}")
    if dotted in _DATES and any((call.first or "").lower() in _NOW_TEXTS for call in calls):
        return Finding("ambient", f"{dotted}('now'): {_CLOCK}")
    generator = _generator(parts)
    if generator:
        return Finding("generator", generator)
    return _opened(dotted, calls)


def _generator(parts: list[str]) -> str:
    match parts:
        case ["random", name] if name[0].islower():
            return "random"
        case ["numpy", "random", name] if name[0].islower() and name not in (
            "default_rng",
            "bit_generator",
            "mtrand",
        ):
            return "numpy.random"
        case ["torch", name] if name in _DRAWS_TORCH or name.startswith("rand"):
            return "torch"
    return ""


def _opened(dotted: str, calls: tuple[Call, ...]) -> Finding | None:
    if dotted not in _OPENERS and not dotted.startswith(_OPENER_PREFIXES):
        return None
    if dotted in _QUERIES and calls and not any(_may_name_a_file(call.first) for call in calls):
        return None
    literal = next((call for call in calls if call.first is not None), None)
    if literal is not None and (literal.second or "")[:1] in ("w", "a", "x"):
        return None
    return Finding("file", dotted)


def _may_name_a_file(sql: str | None) -> bool:
    """Tell whether a query may read a file: names of files stand in quotes."""
    return sql is None or any(mark in sql for mark in ("'", '"', "read_", "scan"))
