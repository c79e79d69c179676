"""Votes by what asked for them: agreement counts the design's alone, gold those of tie-breaks too."""

from toolkit.labels.ledger import settle, votes_of
from toolkit.records import Vote
from toolkit.steps.common import annotations_of, clusters_of, items_of, withdrawn_of
from toolkit.workspace import Campaign


def gold_votes(campaign: Campaign) -> dict[str, list[Vote]]:
    """The votes on each question that decide its labels."""
    items = items_of(campaign)
    clusters = {row.article_id: row.cluster for row in clusters_of(campaign)}
    ledger = settle(
        annotations_of(campaign), items, campaign.codebook, withdrawn_of(campaign), layers=("design", "tiebreak")
    )
    return {question.name: votes_of(ledger, question, items, clusters) for question in campaign.codebook.choices}
