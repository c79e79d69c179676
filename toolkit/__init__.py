"""News articles into a stance and sentiment dataset that others can trust, and baselines that others can beat."""
