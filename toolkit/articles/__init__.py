"""Articles: reading, identity, near-duplicates."""
