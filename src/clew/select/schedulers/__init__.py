"""Schedulers: how much is spent on which configuration, and which of them goes on."""
