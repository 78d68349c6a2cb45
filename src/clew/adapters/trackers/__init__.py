"""Other trackers' stores and files, read and written in their own formats. Adds no facts."""
