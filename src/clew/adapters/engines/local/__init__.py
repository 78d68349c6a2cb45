"""Engines of one machine: in the calling thread, in threads, in processes."""
