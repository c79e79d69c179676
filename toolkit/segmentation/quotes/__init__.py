"""Quotations: where they are, who is quoted, and by which verb."""
