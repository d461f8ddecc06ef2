"""Frozen encoders behind names, and the embeddings that are computed with them once."""
