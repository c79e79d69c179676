"""Quotations: their position, their speaker and the reporting verb."""
