"""The hooks of one process, put in place together and taken out together."""

from __future__ import annotations

from clew.reuse.estimators import hooks, operations, slices
from clew.reuse.estimators.session import current
from clew.reuse.notices import Microphone, Notice
from clew.steps import entropy

_installed: list[Microphone] = []


def install() -> None:
    """Put the hooks in place, if they are not."""
    if _installed:
        return
    microphone = Microphone(_hear)
    _installed.append(microphone)
    microphone.install()
    slices.install()
    operations.install()
    hooks.install()
    entropy.watch()


def remove() -> None:
    """Take the hooks out."""
    hooks.remove()
    operations.remove()
    slices.remove()
    while _installed:
        _installed.pop().remove()


def _hear(notice: Notice) -> None:
    session = current()
    if session is not None:
        session.hear(notice)
