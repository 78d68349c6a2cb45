"""Trials: evaluations of configurations, in an order that no clock decides."""
