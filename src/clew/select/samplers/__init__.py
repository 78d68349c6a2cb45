"""Samplers: propose the next configuration in the light of what was seen.

Each is a pure function of the seed, the number of the proposal and what was seen before it, so that
a study gives the same trials whoever evaluates them, and resumes where it stopped.
"""
