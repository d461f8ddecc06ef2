"""Tables and documents, from numbers that are stored in files."""
