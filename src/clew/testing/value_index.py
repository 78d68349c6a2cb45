"""What every `ValueIndex` must do.

Subclass `ValueIndexSuite` in a test module and give the fixture ``store``: a new, empty store.
"""

from __future__ import annotations

import dataclasses

from clew.lineage.canonical import CodeId, digest
from clew.lineage.ports import ValueIndex
from clew.lineage.records import Code, Value
from clew.testing.records import stored_value, value_id


class ValueIndexSuite:
    """Tests of the port; the subclass provides ``store``."""

    def test_descriptions_come_back(self, store: ValueIndex) -> None:
        """All fields; what was never described is left out."""
        values = [stored_value("a"), Value(value_id("b"), "builtins.int")]
        store.update(values)
        found = store.describe([value_id("b"), value_id("a"), value_id("never")])
        assert found == {value.id: value for value in values}

    def test_an_update_replaces(self, store: ValueIndex) -> None:
        """The newest description stands."""
        value = stored_value("a")
        store.update([value])
        for state in ("absent", "corrupt", "erased"):
            newer = dataclasses.replace(value, state=state, size_bytes=0)
            store.update([newer])
            assert store.describe([value.id]) == {value.id: newer}

    def test_text_survives(self, store: ValueIndex) -> None:
        """Previews in any script, and empty ones."""
        value = dataclasses.replace(stored_value("a"), preview="Σ 試 \N{PILE OF POO} 'x'\n")
        store.update([value, Value(value_id("b"), "", "", "", 0, "absent")])
        assert store.describe([value.id])[value.id] == value

    def test_code_comes_back_and_the_first_record_stays(self, store: ValueIndex) -> None:
        """A code id names one record for good."""
        code = Code(CodeId(digest("test-code", 1, [])), "m:f", b'{"units": []}')
        assert store.code(code.id) is None
        store.put_code(code)
        store.put_code(dataclasses.replace(code, name="other"))
        assert store.code(code.id) == code

    def test_environments_come_back(self, store: ValueIndex) -> None:
        """Names and versions."""
        id = digest("test-environment", 1, [])
        assert store.environment(id) is None
        store.put_environment(id, {"numpy": "2.4.6", "python": "3.11.7"})
        assert store.environment(id) == {"numpy": "2.4.6", "python": "3.11.7"}
