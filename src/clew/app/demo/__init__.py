"""The main job on real data: a project folder, run, run again, edited, explained, rebuilt."""
