"""Articles into paragraphs with exact offsets and roles."""
