"""Networks over frozen embeddings."""
