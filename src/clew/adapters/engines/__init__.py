"""Engines: where the steps of a flow run. No facts of their own."""
