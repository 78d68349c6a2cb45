"""The package `clew.cli`."""
