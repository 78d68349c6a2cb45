"""What `import clew` offers is there, whatever was imported before."""

from __future__ import annotations

import subprocess
import sys

import pytest

import clew

BEFORE = ["", "clew.trace", "import clew.reuse.trace as t"]


@pytest.mark.parametrize("name", clew.__all__)
def test_every_public_name_can_be_read(name: str) -> None:
    assert callable(getattr(clew, name))
    assert getattr(clew, name).__doc__
    assert name in clew.__doc__


@pytest.mark.parametrize("before", BEFORE)
def test_reuse_is_a_function_and_a_package(before: str) -> None:
    script = f"import clew\n{before}\nwith clew.reuse():\n    pass"
    subprocess.run([sys.executable, "-c", script], check=True)


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="nonsense"):
        clew.nonsense
