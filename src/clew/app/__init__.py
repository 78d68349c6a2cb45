"""The package `clew.app`."""
