"""The generated pages are what the product says of itself now."""

from __future__ import annotations

import pytest

from clew.adapters.stores.sql.views import VIEWS
from clew.cli.main import COMMANDS
from docs import generate


@pytest.mark.parametrize("name", generate.PAGES)
def test_the_page_is_up_to_date(name: str) -> None:
    written = (generate.HERE / name).read_text(encoding="utf-8")
    assert written == generate.PAGES[name](), "run python3 dev.py generate"


def test_every_command_is_on_the_page() -> None:
    page = generate.commands()
    assert not [name for name in COMMANDS if f"### clew {name}\n" not in page]


def test_every_view_is_on_the_page() -> None:
    page = generate.views()
    assert not [name for name in VIEWS if f"## {name}\n" not in page]
