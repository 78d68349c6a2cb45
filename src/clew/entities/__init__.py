"""The package `clew.entities`."""
