"""Which items of a campaign are disputed, and who is asked for one more vote on them."""

from collections import defaultdict
from collections.abc import Sequence

from toolkit.labels.ledger import settle
from toolkit.labels.tiebreak import disputed_items, tie_breakers
from toolkit.records import Annotation
from toolkit.steps.common import annotators_of, items_of, withdrawn_of
from toolkit.studio.push.project_specs import Dispute
from toolkit.workspace import CampaignConfig


def disputes_of(campaign: CampaignConfig, states: Sequence[Annotation]) -> list[Dispute]:
    """The items that need a further vote, each for somebody who has not seen it.

    Args:
        campaign: whose items they are.
        states: the latest state of each annotation in the ledger.
    """
    items = items_of(campaign)
    disputed = disputed_items(
        settle(states, items, campaign.codebook, withdrawn_of(campaign)), campaign.codebook, items
    )
    seen: defaultdict[str, set[str]] = defaultdict(set)
    for state in states:
        seen[state.item_id].add(state.annotator)
    return [
        Dispute(item_id=item, annotator=name) for item, name in tie_breakers(disputed, seen, _people(campaign, states))
    ]


def _people(campaign: CampaignConfig, states: Sequence[Annotation]) -> list[str]:
    """Who could be asked: those that the campaign names, or else those that have answered in it."""
    if campaign.file.studio.annotators:
        return list(campaign.file.studio.annotators)
    kinds = {name: row.kind for name, row in annotators_of(campaign).items()}
    answered = {state.annotator for state in states if state.origin is not None}
    return sorted(name for name in answered if kinds.get(name) in ("human", "simulated"))
