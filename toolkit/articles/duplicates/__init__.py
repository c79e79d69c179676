"""Clusters of exact, near and contained texts."""
