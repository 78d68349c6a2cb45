"""Notices what a call reads of the world besides its arguments: such a result is not kept."""

from __future__ import annotations

from clew.steps import observe
from clew.steps.observe import Observer

_OWN_FOLDERS = ("joblib_memmapping_folder_", "clew-reuse-")
"""Folders of files by which processes hand arrays to one another."""


class World(Observer):
    """What one call was seen to do, in one sentence."""

    def __init__(self, own_root: str, outer: Observer | None) -> None:
        super().__init__(own_root)
        self._outer = outer
        self.reason: str | None = None

    def read_env(self, name: str, value: str | None) -> None:
        """Note that an environment variable was read."""
        self._say(f"reads the variable {name}")
        if self._outer is not None:
            self._outer.read_env(name, value)

    def opened(self, path: str, *, writing: bool, updating: bool = False) -> None:
        """Note that a file was opened."""
        if self._counts(path):
            self._say(f"{'writes' if writing else 'reads'} files")
        if self._outer is not None:
            self._outer.opened(path, writing=writing, updating=updating)

    def made(self, path: str) -> None:
        """Note that a file or folder was made."""
        if self._counts(path):
            self._say("writes files")
        if self._outer is not None:
            self._outer.made(path)

    def asked_about(self, path: str) -> None:
        """Note a question whether there is a file or folder."""
        if self._counts(path):
            self._say("asks about files")
        if self._outer is not None:
            self._outer.asked_about(path)

    def _counts(self, path: str) -> bool:
        if path.endswith(observe._CODE_SUFFIXES) or any(own in path for own in _OWN_FOLDERS):
            return False
        return self._is_foreign(path)

    def _say(self, reason: str) -> None:
        self.reason = self.reason or reason

    def close(self) -> None:
        """End; what was noted as unsound counts here and outside."""
        for reason in self.unsound:
            self._say(reason)
        if self._outer is not None:
            self._outer.unsound.extend(self.unsound)
