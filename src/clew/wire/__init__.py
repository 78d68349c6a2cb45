"""What travels between a client of a store and the server of it: calls of the store's ports.

Adds no facts. A method of a port (`clew.lineage.ports`, `clew.track.ports`, `clew.registry.ports`)
is a message: its arguments by name, as MessagePack, which keeps bytes, NaN and infinities. Client
and server make both ends from the same table (`ports`), so that neither can drift from the ports.
"""
