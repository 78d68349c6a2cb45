"""Reads of the world that can be seen in a step's code, and those that only look like them."""

from __future__ import annotations

import pytest

AMBIENT = [  # what is imported, what the step returns, what is found
    ("import os", "os.environ['A']", "os.environ"),
    ("import os", "os.environ.get('A')", "os.environ.get"),
    ("from os import environ", "environ['A']", "os.environ"),
    ("import os", "os.getenv('A')", "os.getenv"),
    ("from os import urandom", "urandom(3)", "os.urandom"),
    ("import time", "time.time()", "time.time"),
    ("from time import perf_counter as p", "p()", "time.perf_counter"),
    ("import time", "[time.time() for _ in x]", "time.time"),
    ("import time", "(lambda: time.monotonic_ns())()", "time.monotonic_ns"),
    ("import datetime", "datetime.datetime.now()", "datetime.datetime.now"),
    ("from datetime import datetime as d", "d.now()", "datetime.datetime.now"),
    ("from datetime import date", "date.today()", "datetime.date.today"),
    ("import pandas as pd", "pd.Timestamp.now()", "pandas.Timestamp.now"),
    ("from pandas import Timestamp as T", "T.now()", "pandas.Timestamp.now"),
    ("import pandas as pd", "pd.Timestamp('now')", "pandas.Timestamp"),
    ("from pandas import Timestamp", "Timestamp('today')", "pandas.Timestamp"),
    ("import pandas as pd", "pd.to_datetime('now')", "pandas.to_datetime"),
    ("import numpy as np", "np.datetime64('now')", "numpy.datetime64"),
    ("from numpy import datetime64", "datetime64('today', 'D')", "numpy.datetime64"),
    ("import time", "getattr(time, 'time')()", "time.time"),
    ("from datetime import datetime", "getattr(datetime, 'now')()", "datetime.datetime.now"),
    ("import os", "os.path.abspath(x)", "os.path.abspath"),
    ("from os.path import expanduser", "expanduser(x)", "os.path.expanduser"),
    ("from os import path", "path.getmtime(x)", "os.path.getmtime"),
    ("import os", "os.readlink(x)", "os.readlink"),
    ("from pathlib import Path", "Path.home() / x", "pathlib.Path.home"),
    ("from pathlib import Path", "Path.cwd()", "pathlib.Path.cwd"),
    ("import os", "os.getpid()", "os.getpid"),
    ("import uuid", "uuid.uuid4()", "uuid.uuid4"),
    ("import secrets", "secrets.token_hex()", "secrets.token_hex"),
    ("import sys", "sys.argv[1]", "sys.argv"),
    ("", "input()", "builtins.input"),
    ("import numpy as np", "np.random.default_rng()", "numpy.random.default_rng"),
    ("import numpy as np", "np.random.default_rng(None)", "numpy.random.default_rng"),
    ("from numpy.random import default_rng", "default_rng()", "numpy.random.default_rng"),
    ("import numpy as np", "np.random.RandomState()", "numpy.random.RandomState"),
    ("import random", "random.Random().random()", "random.Random"),
    ("import urllib.request", "urllib.request.urlopen(x)", "urllib.request.urlopen"),
    ("from urllib.request import urlopen", "urlopen(x)", "urllib.request.urlopen"),
    ("import socket", "socket.gethostname()", "socket.gethostname"),
    ("import sys", "sys.modules[x]", "sys.modules"),
    ("import inspect", "inspect.getsource(x)", "inspect.getsource"),
    ("import subprocess", "subprocess.run(x)", "subprocess.run"),
    ("import importlib", "importlib.import_module(x)", "importlib"),
]
INSIDE = [  # imported inside the step, or read by a helper
    ("def step(x):\n    import time\n    return time.time_ns()\n", "time.time_ns"),
    ("def step(x):\n    import requests\n    return requests.get(x)\n", "requests.get"),
    ("def step(x):\n    from os import environ as e\n    return e['a']\n", "os.environ"),
    (
        "import time\ndef helper():\n    return time.time()\ndef step(x):\n    return helper()\n",
        "time.time",
    ),
]
SOUND = [
    ("import numpy as np", "np.random.default_rng(x).normal()"),
    ("import numpy as np", "np.random.default_rng(0)"),
    ("import numpy as np", "np.random.RandomState(seed=1)"),
    ("import random", "random.Random(3).random()"),
    ("import os", "os.path.join(x, 'a')"),
    ("import datetime", "datetime.datetime(2020, 1, 1)"),
    ("from datetime import datetime", "datetime.fromisoformat(x)"),
    ("import urllib.parse", "urllib.parse.quote(x)"),
    ("import sys", "sys.maxsize"),
    ("import uuid", "uuid.uuid5(uuid.NAMESPACE_DNS, x)"),
    ("import time", "time.strptime(x)"),
    ("import time", "getattr(x, 'time')"),
    ("import math", "getattr(math, 'sqrt')(x)"),
    ("import pandas as pd", "pd.Timestamp('2020-01-01')"),
    ("import numpy as np", "np.datetime64('2020-01-01')"),
    ("import os", "os.path.basename(x)"),
    ("import time\ndef other():\n    return time.time()\n", "x"),
    ("import clew", "clew.env('A')"),
    ("", "open('out.txt', 'w')"),
    ("", "open('data.csv').read()"),
    ("import pandas as pd", "pd.read_csv('data.csv')"),
]
OPENERS = [  # what is imported, what the step returns, what opens a file
    ("", "open('data.csv').read()", "builtins.open"),
    ("", "open(x).read()", "builtins.open"),
    ("import pandas as pd", "pd.read_csv('data.csv')", "pandas.read_csv"),
    ("from pandas import read_parquet", "read_parquet(x)", "pandas.read_parquet"),
    ("import pyarrow.parquet as pq", "pq.read_table(x)", "pyarrow.parquet.read_table"),
    ("from pyarrow.parquet import read_table", "read_table(x)", "pyarrow.parquet.read_table"),
    ("from pyarrow.parquet import ParquetFile", "ParquetFile(x)", "pyarrow.parquet.ParquetFile"),
    ("import pyarrow.csv", "pyarrow.csv.read_csv(x)", "pyarrow.csv.read_csv"),
    ("from pyarrow.csv import read_csv", "read_csv(x)", "pyarrow.csv.read_csv"),
    ("from pyarrow import feather", "feather.read_table(x)", "pyarrow.feather.read_table"),
    ("from pyarrow.dataset import dataset", "dataset(x)", "pyarrow.dataset.dataset"),
    ("import pyarrow as pa", "pa.memory_map(x)", "pyarrow.memory_map"),
    ("import pyarrow as pa", "pa.OSFile(x)", "pyarrow.OSFile"),
    ("import polars as pl", "pl.scan_parquet(x)", "polars.scan_parquet"),
    ("from polars import read_csv", "read_csv(x)", "polars.read_csv"),
    ("import duckdb", "duckdb.read_parquet(x)", "duckdb.read_parquet"),
    ("from duckdb import read_csv", "read_csv(x)", "duckdb.read_csv"),
    ("import duckdb", "duckdb.from_parquet(x)", "duckdb.from_parquet"),
    ("import duckdb", "duckdb.sql(f\"from '{x}'\").fetchall()", "duckdb.sql"),
    ("from duckdb import sql", "sql(x)", "duckdb.sql"),
    ("import duckdb", "duckdb.connect().execute(x)", "duckdb.connect"),
]


def _found(project, text):
    project.edit(flow=text)
    return project.record().ambient


@pytest.mark.parametrize(("imports", "expression", "name"), AMBIENT)
def test_a_visible_read_of_the_world(imports, expression, name, project):
    (found,) = _found(project, f"{imports}\ndef step(x):\n    return {expression}\n")
    assert found.startswith(name)


@pytest.mark.parametrize(("text", "name"), INSIDE)
def test_a_visible_read_inside_or_behind_a_helper(text, name, project):
    (found,) = _found(project, text)
    assert found.startswith(name)


@pytest.mark.parametrize(("imports", "expression"), SOUND)
def test_what_reads_only_its_arguments_is_not_ambient(imports, expression, project):
    assert _found(project, f"{imports}\ndef step(x):\n    return {expression}\n") == ()


@pytest.mark.parametrize(("imports", "expression", "name"), OPENERS)
def test_what_opens_files(imports, expression, name, project):
    project.edit(flow=f"{imports}\ndef step(x):\n    return {expression}\n")
    record = project.record()
    assert (record.files, record.ambient) == ((name,), ())


def test_a_file_that_is_written_is_not_opened_to_be_read(project):
    project.edit(flow="def step(x):\n    return open('out.txt', 'w')\n")
    assert project.record().files == ()


def test_global_generators_and_opened_files(project):
    project.edit(
        flow="""
        import random
        from random import shuffle
        import numpy as np
        import pandas as pd
        def step(path):
            shuffle(path)
            return random.random(), np.random.rand(), pd.read_csv(path), open(path)
        """
    )
    record = project.record()
    assert record.ambient == ()
    assert record.generators == ("numpy.random", "random")
    assert record.files == ("builtins.open", "pandas.read_csv")
    assert project.id() == project.id(), "the state of a global generator is not code"
