"""Where the bytes of values are kept: adapters of `BlobStore`.

Facts added: none. They keep the bytes of a content id, once, and give them back verified. `local`
keeps files; `split` sends what is small to a store of small values and the rest to another.
"""
