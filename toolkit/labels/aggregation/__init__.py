"""Votes into gold."""
