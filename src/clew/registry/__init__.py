"""The model registry: names, versions, aliases, and who promoted what and why.

Adds the facts of a promotion; a version points to the model's content and to the node that made
it. `clew.registry.ports` says what a store must do.
"""
