"""Push: projects, tasks, duplicates, and codebook revisions."""
