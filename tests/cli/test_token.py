"""Tokens on the command line."""

from __future__ import annotations

import json

from clew.app import access
from clew.app.served import open_served
from clew.app.settings import load


def test_a_token_is_made_listed_revoked(clew_) -> None:
    assert "no tokens yet" in clew_("token", "list").output
    secret = clew_("token", "create", "ci", "--scope", "promote").output.strip()
    served = open_served(load())
    token = access.present(served.tokens, secret)
    assert (token.name, token.scopes) == ("ci", ("promote",))
    (listed,) = json.loads(clew_("token", "list", "--json").output)
    assert listed["id"] == token.id and secret not in str(listed)
    clew_("token", "revoke", token.id)
    assert access.present(served.tokens, secret) is None
    assert "counts" in clew_("token", "revoke", token.id, status=1).output
    assert [e.action for e in served.tracking.audit.events().items] == [
        "token.revoke",
        "token.create",
    ]
