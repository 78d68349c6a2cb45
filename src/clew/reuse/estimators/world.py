"""What a call reads of the world besides its arguments: such a result is not kept.

An estimator may open a file (``CountVectorizer(input="filename")``), draw fresh entropy, connect to
a host. Steps make such reads part of what names them; a call inside a library that reads the world
is executed, and so is every call around it.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

from clew.reuse.estimators.session import Frame, Session
from clew.reuse.world import World
from clew.steps import observe
from clew.steps.observe import observing


@contextmanager
def watched(session: Session, frame: Frame) -> Iterator[None]:
    """Spoil a call, and those around it, if it reads the world."""
    outer = observe._state.observer
    root = os.devnull if session.graph is None else session.graph.runtime.location
    world = World(root, outer)
    try:
        with observing(world):
            yield
    finally:
        world.close()
        if world.reason is not None:
            frame.spoiled = frame.spoiled or world.reason
            if outer is None:  # perhaps a helper thread of a call that runs in another one
                session.spoil(world.reason)
