"""Files of all kinds as articles: read, decoded, cleaned, normalised, or dropped with the reason."""
