"""Training: the loop over stored inputs, and what it shares with that over prompts."""
