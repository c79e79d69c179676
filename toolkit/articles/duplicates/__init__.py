"""Clusters of exact duplicates, near-duplicates and contained texts."""
