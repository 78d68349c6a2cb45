"""Operation-level lineage: traced arrays, and reuse of every operation on them.

Facts added: an *item* for every operation on a traced array (opcode, ordered inputs, literals; its
id is the hash of all three), *leaves* for arrays read and for random generators, and the *patches*
into which loops and functions are folded. Before an operation runs, its item is looked up; what is
not known whole may be answered from parts by a rewrite that declares its tolerance (LIMA:
Phani, Rath, Boehm, "LIMA: Fine-grained Lineage Tracing and Reuse in Machine Learning Systems",
SIGMOD 2021).
"""

from clew.reuse.trace.array import TracedArray
from clew.reuse.trace.function import function
from clew.reuse.trace.item import Item, first_difference, same, walk
from clew.reuse.trace.patch import dedup, loop
from clew.reuse.trace.program import program, recompute
from clew.reuse.trace.random import TracedGenerator, rng
from clew.reuse.trace.report import Note, Reason, Stats
from clew.reuse.trace.rules import Call, Rule, register, rule, rules, unregister
from clew.reuse.trace.session import Session, current, session
from clew.reuse.trace.start import explain, stats, trace
from clew.reuse.trace.text import parse, serialise

__all__ = [
    "Call",
    "Item",
    "Note",
    "Reason",
    "Rule",
    "Session",
    "Stats",
    "TracedArray",
    "TracedGenerator",
    "current",
    "dedup",
    "explain",
    "first_difference",
    "function",
    "loop",
    "parse",
    "program",
    "recompute",
    "register",
    "rng",
    "rule",
    "rules",
    "same",
    "serialise",
    "session",
    "stats",
    "trace",
    "unregister",
    "walk",
]
