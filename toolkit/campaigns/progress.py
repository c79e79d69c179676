"""How far the annotation of a campaign is, by its ledger."""

from collections import Counter, defaultdict
from collections.abc import Container, Iterable, Mapping, Sequence

from msgspec import Struct

from toolkit.errors import UsageError
from toolkit.labels.ledger import latest, settle
from toolkit.records import Annotation, Item, Withdrawal
from toolkit.times import now


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


# --- items that nobody is asked about any more -----------------------------------------------------------------------


def withdrawals(
    item_ids: Sequence[str], items: Container[str], withdrawn: Container[str], reason: str
) -> list[Withdrawal]:
    """The rows that withdraw some items; an item that is withdrawn already has none.

    Raises:
        UsageError: the campaign has no such item, or there is no reason.
    """
    _check_withdrawal(item_ids, items, reason)
    time = now()
    names = [name for name in dict.fromkeys(item_ids) if name not in withdrawn]
    return [Withdrawal(item_id=name, reason=reason, time=time) for name in names]


def restorations(
    item_ids: Sequence[str], items: Container[str], withdrawn: Container[str], reason: str
) -> list[Withdrawal]:
    """The rows that take the withdrawal of some items back: their answers count again.

    Raises:
        UsageError: the campaign has no such item, or it is not withdrawn, or there is no reason.
    """
    _check_withdrawal(item_ids, items, reason)
    for name in item_ids:
        if name not in withdrawn:
            raise UsageError(f"withdrawn.jsonl: item {name!r} is not withdrawn; nothing was changed")
    time = now()
    return [Withdrawal(item_id=name, reason=reason, time=time, restored=True) for name in dict.fromkeys(item_ids)]


def _check_withdrawal(item_ids: Sequence[str], items: Container[str], reason: str) -> None:
    if not reason.strip():
        raise UsageError("withdrawing and restoring items needs a reason, which is kept with them; give it by --reason")
    for name in item_ids:
        if name not in items:
            raise UsageError(f"items.jsonl: no item {name!r}; the file has the ids of all items")
