"""How far a campaign is: the votes that count against those that are asked for, and who may still be asked.

A campaign is complete when every item has the votes that the plan asked for, and every tie-break that was asked for
has its vote. Who may still be asked follows from assignments, sheets and accounts, never from who has answered.
"""

from collections import Counter, defaultdict
from collections.abc import Container, Iterable, Mapping, Sequence

from msgspec import Struct

from toolkit.codebook import Codebook
from toolkit.labels.ledger import Ledger, latest, settle
from toolkit.labels.tiebreak import disputed_items
from toolkit.records import Annotation, Assignment, Item
from toolkit.runs import Result
from toolkit.words import plural


class MayBeAsked(Struct, frozen=True, kw_only=True):
    """Who may still be asked about which item, as far as it is on record."""

    pairs: frozenset[tuple[str, str]] = frozenset()  # item and annotator, by assignments and sheets
    is_queue: bool = False  # a queue on a server gives every item to every account
    accounts: frozenset[str] | None = None  # that can open the queue; None: only the server knows

    def is_exhausted(self, item_id: str, seen: Container[str], people: Mapping[str, set[str]]) -> bool:
        """Whether it is known that everybody who may be asked about an item has seen it.

        Args:
            item_id: the item.
            seen: the annotators who have answered or skipped it.
            people: item -> annotators of `pairs`.
        """
        if self.is_queue and self.accounts is None:
            return False
        names = people.get(item_id, set()) | (self.accounts or set() if self.is_queue else set())
        return bool(names) and all(name in seen for name in names)


def may_be_asked(
    assignments: Iterable[Assignment], sheets: Iterable[Assignment], queue: bool, accounts: frozenset[str] | None
) -> MayBeAsked:
    """Who may still be asked.

    Args:
        assignments: of a campaign that names the annotators of each item.
        sheets: what was written into spreadsheets, for whom.
        queue: whether a queue on a server gives every item to every account.
        accounts: those that can open the queue; None: not known here.
    """
    pairs = frozenset((row.item_id, row.annotator) for row in (*assignments, *sheets))
    return MayBeAsked(pairs=pairs, is_queue=queue, accounts=accounts)


class CampaignState(Result, frozen=True, kw_only=True):
    """The votes that count, against the votes that the design asks for."""

    items: int
    asked: int  # votes that the design asks for
    votes: int  # votes that count
    open_items: int  # with fewer votes than asked for; somebody may still be asked
    short_items: int  # with fewer votes than asked for; everybody who may be asked has seen them
    open_tiebreaks: int = 0  # items with all their votes and no majority, whose tie-break vote is not there
    annotators: dict[str, int]  # pseudonym -> votes that count
    left_out: dict[str, int]  # annotations that do not count, by reason

    @property
    def is_complete(self) -> bool:
        """Whether every vote that was asked for is there, tie-breaks included."""
        return not (self.open_items or self.short_items or self.open_tiebreaks)

    def line(self) -> str:
        """The state as text.

        >>> CampaignState(items=2, asked=4, votes=1, open_items=2, short_items=0, annotators={"r1": 1},
        ...               left_out={}).line()
        '1 of 4 votes by 1 annotator, 2 items open'
        """
        people = plural(len(self.annotators), "annotator")
        parts = [f"{self.votes} of {self.asked} votes by {people}", f"{plural(self.open_items, 'item')} open"]
        if self.open_tiebreaks:
            parts.append(f"{plural(self.open_tiebreaks, 'tie-break')} open")
        if self.short_items:
            parts.append(f"{self.short_items} short of votes with nobody left to ask")
        return ", ".join(parts)


def state_of(
    items: Mapping[str, Item],
    annotations: Iterable[Annotation],
    withdrawn: Container[str] = (),
    asked: MayBeAsked | None = None,
    tiebreak: Codebook | None = None,
) -> CampaignState:
    """Count the votes against those that the design asks for, without withdrawn items.

    Args:
        items: the items of the campaign, by id.
        annotations: the ledger, or the latest state of each annotation.
        withdrawn: withdrawn items.
        asked: who may still be asked; None: not known.
        tiebreak: the codebook, where disputed items get one more vote.
    """
    states = latest(annotations)
    return state_of_votes(items, states, settle(states, items, None, withdrawn), withdrawn, asked, tiebreak)


def state_of_votes(
    items: Mapping[str, Item],
    states: Sequence[Annotation],
    ledger: Ledger,
    withdrawn: Container[str],
    asked: MayBeAsked | None = None,
    tiebreak: Codebook | None = None,
) -> CampaignState:
    """Compute the state from settled annotations.

    Args:
        items: the items of the campaign, by id.
        states: the latest state of each annotation.
        ledger: the annotations that count.
        withdrawn: withdrawn items.
        asked: who may still be asked; None: not known.
        tiebreak: the codebook, where disputed items get one more vote.
    """
    votes = Counter(annotation.item_id for annotation in ledger.counted)
    present = {name: item for name, item in items.items() if name not in withdrawn}
    short = [item.id for item in present.values() if votes[item.id] < item.votes]
    exhausted = _exhausted(short, states, asked or MayBeAsked())
    return CampaignState(
        items=len(present),
        asked=sum(item.votes for item in present.values()),
        votes=len(ledger.counted),
        open_items=len(short) - exhausted,
        short_items=exhausted,
        open_tiebreaks=len(open_tiebreaks(present, states, ledger, tiebreak)) if tiebreak else 0,
        annotators=dict(sorted(Counter(annotation.annotator for annotation in ledger.counted).items())),
        left_out=ledger.left_out,
    )


def open_tiebreaks(
    items: Mapping[str, Item], states: Iterable[Annotation], ledger: Ledger, codebook: Codebook
) -> list[str]:
    """The items with all their votes, no majority on a required question, and no tie-break vote."""
    broken = {state.item_id for state in states if state.assigned_by == "tiebreak" and state.state == "submitted"}
    return [name for name in disputed_items(ledger, codebook, items) if name not in broken]


def _exhausted(items: Iterable[str], states: Sequence[Annotation], asked: MayBeAsked) -> int:
    """Count the items of which it is known that everybody who may be asked has seen them."""
    seen: defaultdict[str, set[str]] = defaultdict(set)
    for state in states:
        if state.state != "draft":
            seen[state.item_id].add(state.annotator)
    people: defaultdict[str, set[str]] = defaultdict(set)
    for item_id, annotator in asked.pairs:
        people[item_id].add(annotator)
    return sum(asked.is_exhausted(item, seen[item], people) for item in items)


def state_line(state: CampaignState) -> str:
    """The state as text."""
    return CampaignState.line(state)
