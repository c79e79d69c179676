"""Gold and votes into a published dataset with a card."""
