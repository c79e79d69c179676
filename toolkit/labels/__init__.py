"""The vote ledger, agreement and aggregation."""
