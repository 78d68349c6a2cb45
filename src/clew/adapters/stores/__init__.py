"""Where the graph is kept: adapters of `NodeStore`, `ValueIndex` and `RunStore`.

Facts added: none. They keep nodes, values, edges and runs, and give them back unchanged.
"""
