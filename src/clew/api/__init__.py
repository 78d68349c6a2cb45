"""The package `clew.api`."""
