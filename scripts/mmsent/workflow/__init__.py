"""What the Snakefile asks: which jobs a run has, and of what they are made."""
