"""The moving average of measured transfers."""

from __future__ import annotations

import pytest

from clew.errors import InvalidParameter
from clew.lineage.cache.bandwidth import SMALLEST_BYTES, Bandwidth

MB = 1_000_000


def test_it_moves_towards_what_is_measured_in_each_direction() -> None:
    bandwidth = Bandwidth(read_bytes_per_s=100 * MB, write_bytes_per_s=100 * MB, weight=0.5)
    bandwidth.saw_read(200 * MB, 1.0)
    bandwidth.saw_write(50 * MB, 1.0)
    assert bandwidth.read_bytes_per_s == 150 * MB
    assert bandwidth.write_bytes_per_s == 75 * MB
    for _ in range(60):
        bandwidth.saw_read(10 * MB, 1.0)
    assert bandwidth.read_bytes_per_s == pytest.approx(10 * MB)


def test_small_and_timeless_transfers_say_nothing() -> None:
    bandwidth = Bandwidth()
    before = bandwidth.read_bytes_per_s
    bandwidth.saw_read(SMALLEST_BYTES - 1, 1.0)
    bandwidth.saw_read(10 * MB, 0.0)
    assert bandwidth.read_bytes_per_s == before


def test_a_slower_disk_makes_spilling_less_worth() -> None:
    bandwidth = Bandwidth(read_bytes_per_s=100 * MB, write_bytes_per_s=50 * MB, weight=1.0)
    assert bandwidth.load_s(100 * MB) == 1.0
    assert bandwidth.spill_s(100 * MB) == 3.0
    assert bandwidth.spill_worth(3.01, 100 * MB)
    assert not bandwidth.spill_worth(3.0, 100 * MB)
    bandwidth.saw_write(100 * MB, 10.0)
    assert not bandwidth.spill_worth(3.01, 100 * MB)


@pytest.mark.parametrize("wrong", [{"weight": 0.0}, {"weight": 1.1}, {"read_bytes_per_s": 0.0}])
def test_what_is_no_bandwidth_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(InvalidParameter):
        Bandwidth(**wrong)
