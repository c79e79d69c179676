"""How far the annotation of a campaign is, by its ledger."""

from collections import Counter, defaultdict
from collections.abc import Container, Iterable, Mapping

from msgspec import Struct

from toolkit.labels.ledger import latest, settle
from toolkit.records import Annotation, Item


class CampaignState(Struct, frozen=True, kw_only=True):
    """How far the annotation is."""

    items: int
    asked: int  # votes that the design asks for
    votes: int  # that count
    open_items: int  # with fewer votes than asked, and an annotator left who has not seen them
    short_items: int  # with fewer votes than asked, and nobody left
    annotators: dict[str, int]  # pseudonym -> votes that count
    left_out: dict[str, int]  # annotations that do not count, by reason


def state_of(
    items: Mapping[str, Item], annotations: Iterable[Annotation], withdrawn: Container[str] = ()
) -> CampaignState:
    """How far the annotation is; before anybody has answered, every item is open, and one that was withdrawn never."""
    seen_states = latest(annotations)
    ledger = settle(seen_states, items, None, withdrawn)
    votes = Counter(annotation.item_id for annotation in ledger.counted)
    seen: defaultdict[str, set[str]] = defaultdict(set)
    for annotation in seen_states:
        if annotation.state != "draft":
            seen[annotation.item_id].add(annotation.annotator)
    people = {annotation.annotator for annotation in seen_states}
    asked = [item for item in items.values() if item.id not in withdrawn]
    short = [item.id for item in asked if votes[item.id] < item.votes]
    exhausted = sum(bool(people) and seen[item] >= people for item in short)
    return CampaignState(
        items=len(asked),
        asked=sum(item.votes for item in asked),
        votes=len(ledger.counted),
        open_items=len(short) - exhausted,
        short_items=exhausted,
        annotators=dict(sorted(Counter(annotation.annotator for annotation in ledger.counted).items())),
        left_out=ledger.left_out,
    )


def state_line(state: CampaignState) -> str:
    """The state in one line."""
    people = len(state.annotators)
    short = f", {state.short_items} short of votes with nobody left to ask" if state.short_items else ""
    return f"{state.votes} of {state.asked} votes by {people} annotators, {state.open_items} items still open{short}"
