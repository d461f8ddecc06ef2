"""Settings: what a user may write in config/, checked before anything runs."""
