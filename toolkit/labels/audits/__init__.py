"""Audits of annotators and of labels."""
