"""What the policy of a deployment knows: what was kept of it, and all feedback since.

Feedback lies in the journal, whichever process took it, and each serving process reads all of it:
so all of them know the same, and nothing that was acknowledged is lost with a process. A file
beside the journal says what is known and up to where the journal was read; without it, or under
another policy, everything is read again.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from clew.errors import InvalidParameter
from clew.lineage.ulid import new_ulid, ulid_number
from clew.serve.deployment.running import policy_of
from clew.serve.deployment.state import State
from clew.serve.journal.frame import Observed, Said, following
from clew.serve.journal.write import FEEDBACK
from clew.serve.policy.base import Feedback, Selection
from clew.serve.policy.base import State as Learned
from clew.serve.policy.configured import carried

DEPLOYMENTS = "deployments"
"""Folder in a store's, with one for each deployment."""
LEARNED = "learned.json"


class Kept(msgspec.Struct, kw_only=True):
    """What is known, as it is kept.

    Parameters
    ----------
    policy : str
        Name, settings and fields of the policy: what another one learned is of no use to it.
    known : dict
        The policy's own state.
    places : dict of str to int
        Up to where each segment of feedback was read.
    state : str
        Id of the deployment's state that `rewards` are of.
    rewards : dict of str to list of float
        By arm: number, sum and sum of squares of the rewards of its predictions in that state.
    """

    policy: str
    known: Learned
    places: dict[str, int]
    state: str
    rewards: dict[str, list[float]]


_decode = msgspec.json.Decoder(Kept).decode


class Learner:
    """Reads feedback and learns from it. Used by one thread at a time.

    Parameters
    ----------
    folder : Path
        That of the deployment.
    journal : Path
        That of the predictions and their feedback.
    """

    def __init__(self, folder: Path, journal: Path, state: State) -> None:
        self._path = folder / LEARNED
        self._journal = journal
        self._saved: bytes = b""
        self.kept = self._begun(state)
        self.take_up(state)

    def take_up(self, state: State) -> None:
        """Learn for another state of the deployment: arms come and go, what stays is known."""
        self._policy, self._arms = policy_of(state)
        self._name = state.name
        named = _named(state)
        if self.kept.policy != named:
            self.kept = Kept(
                policy=named,
                known=self._policy.init(self._arms),
                places={},
                state=self.kept.state,
                rewards=self.kept.rewards,
            )
        else:
            self.kept.known = carried(self._policy, self.kept.known, self._arms)
        if self.kept.state != state.id:
            self.kept.state, self.kept.rewards = state.id, {}
        self._since_ms = state.time_ms

    @property
    def known(self) -> Learned:
        """What the policy knows."""
        return self.kept.known

    def advance(self) -> int:
        """Read the feedback that came since; return how much of it this deployment learned from."""
        fresh: list[Said] = []
        for segment in sorted(self._journal.glob(f"*{FEEDBACK}")):
            place = self.kept.places.get(segment.name, 0)
            if segment.stat().st_size <= place:
                continue
            for entry, end in following(segment, place):
                place = end
                observed = entry.observed if isinstance(entry, Said) else None
                if observed is not None and observed.deployment == self._name:
                    assert isinstance(entry, Said)
                    fresh.append(entry)
            self.kept.places[segment.name] = place
        for said in sorted(fresh, key=lambda one: one.time_ms):
            assert said.observed is not None
            self._learn(said, said.observed)
        return len(fresh)

    def save(self) -> None:
        """Keep what is known, if it is not kept yet."""
        content = msgspec.json.encode(self.kept)
        if content == self._saved:
            return
        self._path.parent.mkdir(parents=True, exist_ok=True)
        fresh = self._path.with_suffix(f".{new_ulid()}")
        fresh.write_bytes(content)
        fresh.replace(self._path)
        self._saved = content

    def _learn(self, said: Said, observed: Observed) -> None:
        known = {arm: r for arm, r in observed.rewards.items() if arm in self._arms}
        asked = tuple(arm for arm in observed.arms if arm in self._arms)
        if asked and known:
            selection = Selection(asked, observed.chances)
            feedback = Feedback(selection, known)
            self.kept.known = self._policy.observe(self.kept.known, observed.context, feedback)
        if _made_ms(said.prediction) < self._since_ms:
            return
        for arm, reward in observed.rewards.items():
            number, total, squares = self.kept.rewards.get(arm, [0.0, 0.0, 0.0])
            self.kept.rewards[arm] = [number + 1, total + reward, squares + reward * reward]

    def _begun(self, state: State) -> Kept:
        try:
            return _decode(self._path.read_bytes())
        except (OSError, msgspec.DecodeError):  # none was kept, or by another version of clew
            policy, arms = policy_of(state)
            known = policy.init(arms)
            return Kept(policy=_named(state), known=known, places={}, state="", rewards={})


def _named(state: State) -> str:
    config = state.config
    told: Sequence[Any] = (config.policy, config.settings, config.by)
    return msgspec.json.encode(told, order="sorted").decode()


def _made_ms(prediction: str) -> int:
    try:
        return ulid_number(prediction) >> 80
    except InvalidParameter:
        return 0
