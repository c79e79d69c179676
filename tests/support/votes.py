"""Votes in a table, as the toolkit reads them."""

from toolkit.labels.vote_tables import coded_votes
from toolkit.tables.columns import read_columns


def read_votes(path, columns, rules):
    """The votes in the table at a path."""
    return coded_votes(read_columns(path, columns.required, columns.optional), columns, rules)
