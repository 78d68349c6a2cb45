"""Names for runs and models that nobody named: easy to say, unlikely to meet twice."""

from __future__ import annotations

import random

_source = random.Random()
"""Its own generator: the global one belongs to the user's code."""

_ADJECTIVES = """
    amber brave bright calm clear clever crisp eager early fair fleet fond gentle glad
    golden grand happy honest keen kind light lively lucid merry mild modest neat noble
    patient plain proud quick quiet rapid ready rosy sharp silent silver smart smooth sound
    steady still sunny swift tidy true vivid warm wise witty young
"""
_NOUNS = """
    ant auk bear bee bird boar calf carp cat clam cod colt crab crow deer doe dog dove duck
    eel elk ewe fawn finch fish flea fly foal fowl fox frog goat goose grebe gull hare hawk
    hen hog ibis jay kite koi lamb lark loon lynx mink mole moose moth mouse mule newt owl
    ox pig quail ram rat ray robin rook seal shad shark sheep shrew skink slug smelt snail
    snipe sow sprat squid stag stork swan tern toad trout vole wasp whale wolf worm wren yak
"""


def made_up() -> str:
    """Return a name such as ``sunny-owl-42``."""
    first, second = _source.choice(_ADJECTIVES.split()), _source.choice(_NOUNS.split())
    return f"{first}-{second}-{_source.randint(0, 999)}"
