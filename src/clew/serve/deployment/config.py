"""What a deployment is told: its arms, who decides among them, and what is watched."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from clew.errors import InvalidParameter, NotFound
from clew.serve.deployment import reward as rewards
from clew.serve.policy.configured import POLICIES, configured

CHAMPION = "champion"
_NAME = re.compile(r"[A-Za-z0-9][\w.-]{0,99}")


class Canary(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A version that gets a share of the requests, and loses it when it is worse.

    Parameters
    ----------
    arm : str
        Which arm.
    share : float
        Of the requests, within 0 and 1.
    least : int
        It is judged when this many of its requests were answered, then at every doubling.
    risk : float
        Probability of stopping one that is not worse, over all the judgements together.
    slower : float
        By which factor its latency may exceed the champion's.
    """

    arm: str
    share: float = 0.05
    least: int = 50
    risk: float = 0.01
    slower: float = 1.5


class Deployment(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An endpoint's name, its arms, and how they share the requests.

    Parameters
    ----------
    name : str
        Under which clients ask for it.
    arms : dict of str to str
        What each arm serves, by its role: ``{"champion": "adult@champion"}``. The one that is
        called so is the champion, else the first: where another arm fails, it answers.
    policy : str
        Who decides: ``static`` (the champion), ``split``, ``thompson``, ``epsilon-greedy``,
        ``ucb``, ``exp3``, ``linear``, ``voting``, ``exp4``.
    settings : dict
        Of the policy: ``{"explore": 0.02}``.
    by : tuple of str
        Decide apart for each value of these fields of a request or its rows.
    reward : str
        How good an answer was once the truth is known, from 0 to 1: ``accuracy``, ``probability``
        (that the model gave the truth), ``within:TOLERANCE``, ``given`` (feedback must say it), or
        a function ``MODULE:FUNCTION`` of the truth, the answer and the row. ``auto`` is accuracy
        for classifiers and given for others.
    deadline_ms : float or None
        When answers of several arms are combined, whoever is missing.
    shadow : tuple of str
        Arms whose answers are kept and never returned.
    canary : Canary or None
        An arm that gets a small share and is watched.
    cache : int
        How many answers each arm remembers by their rows.

    Examples
    --------
    >>> from clew.serve import Deployment
    >>> arms = {"champion": "adult@champion", "challenger": "adult/7"}
    >>> Deployment(name="adult", arms=arms, policy="thompson").checked().choosing
    ('champion', 'challenger')
    """

    name: str
    arms: dict[str, str]
    policy: str = "static"
    settings: dict[str, Any] = {}
    by: tuple[str, ...] = ()
    reward: str = "auto"
    deadline_ms: float | None = None
    shadow: tuple[str, ...] = ()
    canary: Canary | None = None
    cache: int = 0

    @property
    def champion(self) -> str:
        """Role of the champion."""
        return CHAMPION if CHAMPION in self.arms else next(iter(self.arms))

    @property
    def choosing(self) -> tuple[str, ...]:
        """Roles of the arms among which the policy chooses."""
        aside = {*self.shadow, self.canary.arm if self.canary else ""}
        roles = sorted(self.arms, key=lambda role: role != self.champion)
        return tuple(role for role in roles if role not in aside)

    @property
    def answering(self) -> tuple[str, ...]:
        """Roles of the arms whose answers clients may be given: not those in the shadow."""
        watched = () if self.canary is None else (self.canary.arm,)
        return tuple(dict.fromkeys((*self.choosing, *watched)))

    def checked(self) -> Deployment:
        """Return this, if it makes sense.

        Raises
        ------
        InvalidParameter
            When it does not; says why.
        """
        if not _NAME.fullmatch(self.name):
            raise InvalidParameter(
                "a deployment's name", got=repr(self.name), expected="letters, digits, . _ -"
            )
        if not self.arms:
            raise InvalidParameter("a deployment needs an arm", expected="a champion")
        named = [*self.shadow, *([self.canary.arm] if self.canary else [])]
        for role in named:
            if role not in self.arms:
                raise InvalidParameter(
                    "there is no such arm", got=repr(role), expected=", ".join(self.arms)
                )
        if self.champion in named:
            raise InvalidParameter("the champion is neither canary nor in the shadow")
        self._check_policy()
        self._check_numbers()
        rewards.named(self.reward, classifies=True)
        return self

    def _check_policy(self) -> None:
        if self.policy not in POLICIES:
            raise InvalidParameter("policy", got=repr(self.policy), expected=", ".join(POLICIES))
        if self.policy == "static" and len(self.choosing) > 1 and "arm" not in self.settings:
            raise InvalidParameter(
                "who decides among the arms?",
                got=", ".join(self.choosing),
                expected=", ".join(name for name in POLICIES if name != "static"),
                hint="name a policy, or make arms a canary or put them in the shadow",
            )
        policy = configured(self.policy, self.settings, by=self.by)
        policy.init(list(self.choosing))

    def _check_numbers(self) -> None:
        if self.deadline_ms is not None and not self.deadline_ms > 0:
            raise InvalidParameter("deadline_ms", got=str(self.deadline_ms), expected="above 0")
        if self.cache < 0:
            raise InvalidParameter("cache", got=str(self.cache), expected="0 or more")
        canary = self.canary
        if canary is None:
            return
        if not 0 <= canary.share <= 1:
            raise InvalidParameter("a canary's share", got=str(canary.share), expected="0 to 1")
        if canary.least < 10 or not 0 < canary.risk < 0.5 or canary.slower < 1:
            raise InvalidParameter(
                "a canary's judgement",
                got=f"least={canary.least}, risk={canary.risk}, slower={canary.slower}",
                expected="least ≥ 10, risk within 0 and 0.5, slower ≥ 1",
            )


def read(content: Mapping[str, Any]) -> Deployment:
    """Return the deployment that plain data describe.

    Raises
    ------
    InvalidParameter
        When a field is unknown, missing, or of another kind.
    """
    try:
        made = msgspec.convert(dict(content), Deployment)
    except msgspec.ValidationError as error:
        raise InvalidParameter(
            "the deployment is not understood",
            got=str(error),
            expected=", ".join(Deployment.__struct_fields__),
        ) from None
    return made.checked()


def read_file(path: Path) -> Deployment:
    """Return the deployment that a TOML or YAML file describes.

    Raises
    ------
    NotFound
        When there is no such file.
    InvalidParameter
        When it is neither, or its content is not a deployment.
    """
    if not path.is_file():
        raise NotFound("there is no such file", got=str(path))
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".toml":
        try:
            return read(tomllib.loads(text))
        except tomllib.TOMLDecodeError as error:
            raise InvalidParameter(f"{path} is no TOML", got=str(error)) from None
    if path.suffix not in (".yaml", ".yml"):
        raise InvalidParameter(
            "a deployment's file", got=path.name, expected=".toml, .yaml or .yml"
        )
    import yaml

    try:
        content = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise InvalidParameter(f"{path} is no YAML", got=str(error)) from None
    if not isinstance(content, dict):
        raise InvalidParameter(f"{path} is no deployment", got=type(content).__name__)
    return read(content)
