"""Trials of a search that are proposed one after the other, and run by the planner."""
