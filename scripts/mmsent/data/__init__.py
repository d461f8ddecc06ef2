"""Posts: from files on disk to checked, grouped and split tables."""
