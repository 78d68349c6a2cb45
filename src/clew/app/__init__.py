"""The only place that names concrete adapters: settings, wiring, and what users ask of a store.

Facts added: the environment of this process; everything else is read.
"""
