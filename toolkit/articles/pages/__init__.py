"""HTML pages as articles."""
