"""Extraction of articles from HTML pages."""
