"""Groups of articles into splits that do not leak."""
