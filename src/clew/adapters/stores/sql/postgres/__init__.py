"""The graph in a PostgreSQL database: the store that several machines share.

Facts added: none. Module by noun: `address` (the URL), `dialect` (SQLite's SQL in PostgreSQL's
words), `functions` (what PostgreSQL learns of SQLite's), `tables` (the schema), `connection`,
`database` (transactions), `failures` (PostgreSQL's errors in clew's words), `store` (the adapter),
`carry` (all of a store into a SQLite file, and out of one), `fresh` (a store whole or not at all).
Importing it needs psycopg (extra ``postgres``).
"""
