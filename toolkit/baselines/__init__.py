"""Models that read the text, beside rules that do not."""
