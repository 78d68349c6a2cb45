"""The package `clew.reuse`."""
