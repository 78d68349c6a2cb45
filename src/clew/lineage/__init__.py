"""The core: nodes, values, edges, and what can be asked of them.

Facts added: every *value* (a content id), every *node* (a call, named by the hash of what
produced it) and the edges between them. Nothing here does input or output and nothing here knows a
framework: stores, engines and frameworks stand behind the ports in `clew.lineage.ports`.
"""
