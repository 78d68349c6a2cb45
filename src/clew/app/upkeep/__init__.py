"""Upkeep of a store: drop what can go, check what is there, carry threads elsewhere.

Facts added: none; values may become absent, and lost runs are marked as such.
"""
