"""Automated machine learning: algorithm and parameters at once, an ensemble at the end."""
