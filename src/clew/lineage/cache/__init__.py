"""The cache's policies: what stays in a tier, what leaves it, and whether it is written down.

Adds no facts and holds no values: a tier asks a policy what to do, and does it.
"""
