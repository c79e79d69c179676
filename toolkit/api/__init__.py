"""The toolkit from Python: DataFrames, paths or plain lists in; DataFrames and typed results out."""
