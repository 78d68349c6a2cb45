"""The package `clew.adapters`."""
