"""The formats bring values back with the content id that they had."""

from __future__ import annotations

import pytest

from clew.adapters.formats import FormatRegistry
from clew.testing.codecs import CodecsSuite


class TestTrusted(CodecsSuite):
    @pytest.fixture
    def codecs(self) -> FormatRegistry:
        return FormatRegistry(trusted=True)


class TestUntrusted(CodecsSuite):
    @pytest.fixture
    def codecs(self) -> FormatRegistry:
        return FormatRegistry(trusted=False)
