"""Articles from files: reading, decoding, cleaning and normalisation; rejected articles have a reason."""
