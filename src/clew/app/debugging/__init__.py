"""Reports on models of the store: their data, what they came from, and what is kept of them."""
