"""The plan of a run: resolved experiments, the jobs that they need, and the names of all files."""
