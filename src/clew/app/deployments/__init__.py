"""Deployments of a store: recorded, changed, and seen as they run."""
