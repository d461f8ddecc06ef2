"""Baselines: predictions that need no trainer, in the contract of all runs."""
