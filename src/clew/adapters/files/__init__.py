"""Files as values: what they hold, asked of the file system as seldom as is sound."""
