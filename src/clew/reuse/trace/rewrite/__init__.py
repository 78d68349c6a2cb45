"""Partial reuse: rewrites that answer an operation from known parts of it."""
