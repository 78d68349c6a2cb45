"""HTTP edges. They add no facts: they translate requests into calls of ports, and errors into
answers of each protocol's own shape."""
