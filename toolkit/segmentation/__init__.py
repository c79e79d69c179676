"""Segmentation of articles into paragraphs with exact offsets and roles."""
