"""Tables and documents, from numbers that lie in files."""
