"""Inference over HTTP: the Open Inference Protocol (version 2), MLflow's forms, and plain rows.

Adds predictions and feedback. Sources: the Open Inference Protocol, and for the
binary tensor extension and the repository extension, the Triton server's protocol documents.
"""
