"""One offline page about a campaign."""
