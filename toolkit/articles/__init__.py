"""Reading, identity and near-duplicates of articles."""
