"""The format is frozen: an id that is stored somewhere must mean the same value for ever.

When a literal has to change, `FORMAT` in `clew.lineage.fingerprint.walk` has to change with it.
"""

from __future__ import annotations

import datetime as dt
import enum
from collections import Counter, OrderedDict, namedtuple
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from pathlib import Path, PurePosixPath
from uuid import UUID
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
import scipy.sparse as sp

from clew.lineage.fingerprint import fingerprint


class Colour(enum.Enum):
    __module__ = "golden"
    RED = 1


class Level(enum.IntEnum):
    __module__ = "golden"
    LOW = 1


@dataclass
class Point:
    x: int
    y: list[int]


Point.__module__ = "golden"
Pair = namedtuple("Pair", "a b", module="golden")


def by_name(code: object) -> bytes:
    """A code hook that does not depend on the text of this file or on library versions."""
    return str(getattr(code, "__qualname__", code)).encode()


def self_holding() -> list[object]:
    ring: list[object] = []
    ring.append(ring)
    return ring


BERLIN = ZoneInfo("Europe/Berlin")
GOLDEN = {
    "none": (None, "3b6457020fdc318b98a738877c036851441ec244"),
    "true": (True, "f5ce29a1f72226cd7fa533b59d6a0881210b11de"),
    "one": (1, "1c9d0ce23144f9fa0229b3ccb824e5f0783e026e"),
    "minus": (-(2**70), "ef5cd573d91f5df9c92543cac60f3dbcdce640fb"),
    "float": (1.0, "3a5cc7d3f2dc1b4dde7db5da0ea1bb2d3d0c4a2e"),
    "minus_zero": (-0.0, "a3ddcba1c49bff65c8fff988083d61ec07ea4569"),
    "nan": (float("nan"), "3de9ed2c7834a7c81a43c9931350b78f542809df"),
    "complex": (1 - 2j, "e5468f21daed4ee0ee58233c35d77ae52a5e7155"),
    "str": ("naïve", "e82f9fc9889297bb542eb8dd26eb69ea76647eef"),
    "long_str": ("x" * 5000, "86d9ff63b0d02167c74a3f377e2e98fd1bb64847"),
    "bytes": (b"ab", "0261e781bb83c56dd37617cc3154d3da5d909712"),
    "bytearray": (bytearray(b"ab"), "ddcde94259a1de5d561f05e26c831a03628afdd8"),
    "ellipsis": (..., "933d2c492c7dd3394617c75bce422b959683f340"),
    "range": (range(0, 10, 2), "f25941e8f70b1ab15bf22cc4da6248b89ce0f14f"),
    "slice": (slice(1, None), "20e7ad643fa1ba29c13b7f2c43926de6e95c7cda"),
    "tuple": ((1, "a"), "c78090412d61be9ed5b3ba42908f7d604c3e4be5"),
    "list": ([1, [2, (3,)]], "04c754636d6c68f3cf25b06ef03354f6bf7a96d9"),
    "long_ints": (list(range(100)), "a74c7668aa389dcd2453615e28c0287fb42a60b7"),
    "long_texts": ([f"w{i % 7}" for i in range(100)], "96d5caeae2c0480869de1b777cbb1783adf4316f"),
    "ring": (self_holding(), "20c4d8b883760d7e8da9499227ba789adcba7138"),
    "dict": ({"a": 1, "b": [1.5]}, "a4000a965ca1302c48ee3b7f8c4d285a70e6823d"),
    "set": ({1, "a", (2, 3)}, "5a6edbb3f774c15f0eb14252ed5cdc50bc8614f8"),
    "frozenset": (frozenset(), "4bf99b9ecd401dbdfc241c73b70e06f882c2b4be"),
    "enum": (Colour.RED, "93cca1fc0a53e6104f4faf49d40e1c9ff83fd738"),
    "int_enum": (Level.LOW, "4622dc9e85cdb3c273b3b8f6b7f7f2069e816150"),
    "dataclass": (Point(1, [2]), "7793d2b9ff298bb6b6e31ee3fb12ddc7adee10c9"),
    "namedtuple": (Pair(1, 2), "3bba34b13d1a4c43a49389f1888af6ff594f6541"),
    "ordered": (OrderedDict(a=1), "7f996f565ca04b7e627a9449e629ceda04df1f36"),
    "counter": (Counter("aab"), "ee53eaf8e02307bcaf6e0168b181a78f07e92915"),
    "date": (dt.date(2024, 2, 29), "4eaf344224d4589b05ba06f09143354cf263dbad"),
    "time": (dt.time(1, 2, 3, 4, fold=1), "9bbabe21ac313deb3067ab5b38457f920b9fdd70"),
    "datetime": (
        dt.datetime(2024, 2, 29, 1, tzinfo=BERLIN),
        "7bcd3fbbcf5fecf86e2c4468e59286e48817f17c",
    ),
    "utc": (dt.datetime(2024, 2, 29, tzinfo=dt.UTC), "5aa21121b9cf4b492d97473d91f36adf734d8d95"),
    "timedelta": (dt.timedelta(1, 2, 3), "7ac9fa6c478d271a5622668154201d3a9ba053d7"),
    "decimal": (Decimal("1.00"), "24144a2c70f2ef14222379b4df6a6fa220ba98de"),
    "fraction": (Fraction(1, 3), "043db3590578901045e26019bb6ba1c95204dd1f"),
    "uuid": (UUID(int=5), "7e8e3969cd710132307d525281ced449a657691f"),
    "pure_path": (PurePosixPath("a/b"), "8cc5c80e2bea7c2ec0970fe8d867b6f302ee930f"),
    "missing_path": (Path("/nowhere/at/all"), "117e7878103b3a73604348c5e249369ef1e1e45f"),
    "array": (np.arange(6.0).reshape(2, 3), "cccb788030487257d1a38659eb76b4a41a167da0"),
    "fortran": (
        np.asfortranarray(np.arange(6.0).reshape(2, 3)),
        "775cd7dd714fa2f5b3e4b6286d214d562a6b0d4e",
    ),
    "strided": (np.arange(10)[::2], "cd0a307938f17d06ee4fc4e000765512f4c848aa"),
    "large_array": (np.arange(20_000), "1aaba9515ad6879e13906477ba4bd752d8f21cf0"),
    "dates": (np.array(["2024-01-01", "NaT"], "M8[D]"), "6c80f3730376ddcc2bd17cfa0ff4b60df201a3ba"),
    "texts": (np.array(["a", None, "b"], object), "af606f26777adcd358ff6bb5c66c0fd1ab7275f7"),
    "record": (
        np.zeros(2, np.dtype([("a", "i1"), ("b", "f8")], align=True)),
        "54bd01aa134a2990519082acbb5fff6825d8e435",
    ),
    "scalar": (np.int64(1), "436c8f6e9de75f6dbdeb6f977e28ec116cb6af6f"),
    "dtype": (np.dtype(">f4"), "8192c032f5d55de6263892119ca56badfd815d2c"),
    "generator": (np.random.default_rng(0), "ef8585a371d1a723493729a51155e201861fd24c"),
    "sparse": (sp.csr_array(np.eye(3)), "51be89ddeb1c5cc44b840749cd9b80b076314294"),
    "table": (
        pa.table({"a": [1, None], "b": ["x", "y"]}),
        "d0fcee3b4e10b6b7dfe95410c7805d1b51396202",
    ),
    "arrow_array": (pa.array([[1], None, [2, 3]]), "589e7d04763eeb8f6d5fd78910135fdbfb1acb7e"),
    "pandas": (
        pd.DataFrame({"a": [1, 2], "b": np.array(["x", None], object), "c": [0.5, 1.5]}),
        "da44e59fba109e48544e2b09c3f64a373ceb8e95",
    ),
    "series": (
        pd.Series(pd.Categorical([1, 2]), name="s"),
        "a0fb813a637534b676086700ec6567d2d9833d73",
    ),
    "polars": (
        pl.DataFrame({"a": [1, None], "b": ["x", "y"]}),
        "9c30f7b228b8cbea08c64bed9dc7e36867b6e463",
    ),
}


@pytest.mark.parametrize("name", GOLDEN)
def test_id_is_frozen(name):
    value, expected = GOLDEN[name]
    assert fingerprint(value, code=by_name).hex() == expected


def test_ids_are_all_different():
    assert len({expected for _, expected in GOLDEN.values()}) == len(GOLDEN)
