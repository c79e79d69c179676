"""Assignment of article groups to splits without leakage."""
