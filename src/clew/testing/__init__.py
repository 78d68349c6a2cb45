"""The package `clew.testing`."""
