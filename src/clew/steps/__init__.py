"""The package `clew.steps`."""
