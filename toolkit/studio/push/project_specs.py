"""The planned projects of a campaign and the items of each.

In the shared layout a project is a queue for all annotators. There is one for each unit and number of votes, since both
are settings of a project. In the blind layout each annotator has a project. Disputed items have separate projects.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal, cast

from msgspec import Struct

from toolkit.campaigns.display import ShownItem
from toolkit.codebook import Codebook, Unit
from toolkit.errors import DataError
from toolkit.labels.ledger import settle
from toolkit.labels.tiebreak import Tiebreak, tiebreak_people, tiebreaks
from toolkit.records import Annotation, Assignment, Item, ProjectKind, PushedProject, ScreenVersion
from toolkit.store import Store
from toolkit.studio.server.connection import campaign_key
from toolkit.workspace import ShownPart

Layout = Literal["shared", "blind"]

_MARK = "stance-toolkit"
_NOBODY = "-"
_SPEC = re.compile(
    rf"\[{_MARK} (?P<campaign>\S+) (?P<unit>paragraph|article|headline)"
    r" (?:(?P<votes>\d+)|(?P<kind>person|tiebreak) (?P<annotator>\S+))\]"
)


def one_line(ref: str) -> str:
    """Return a codebook's reference without line breaks, which its version may contain."""
    return " ".join(ref.split())


class ProjectSpec(Struct, frozen=True, kw_only=True, order=True):
    """The spec of a project: its purpose, unit and number of votes."""

    kind: ProjectKind = "queue"
    unit: Unit
    votes: int  # how many annotators are asked for each item
    annotator: str = ""  # the only annotator; "": shared by all

    def marker(self, campaign: str) -> str:
        """Return the marker in the description that identifies the project.

        >>> ProjectSpec(unit="paragraph", votes=3).marker("demo-1f")
        '[stance-toolkit demo-1f paragraph 3]'
        """
        what = str(self.votes) if self.kind == "queue" else f"{self.kind} {self.annotator or _NOBODY}"
        return f"{campaign_marker(campaign)}{self.unit} {what}]"


def campaign_marker(campaign: str) -> str:
    """Return the text common to the descriptions of all projects of a campaign."""
    return f"[{_MARK} {campaign} "


def spec_in(description: str) -> ProjectSpec | None:
    """Read the spec of a project from its description; None if `stance push` did not write it.

    >>> spec_in(ProjectSpec(kind="person", unit="article", votes=1, annotator="ann-1").marker("demo-1f")).annotator
    'ann-1'
    """
    match = _SPEC.search(description)
    if match is None:
        return None
    unit = cast(Unit, match["unit"])
    if match["kind"] is None:
        return ProjectSpec(unit=unit, votes=int(match["votes"]))
    annotator = "" if match["annotator"] == _NOBODY else match["annotator"]
    return ProjectSpec(kind=cast(ProjectKind, match["kind"]), unit=unit, votes=1, annotator=annotator)


class PushRequest(Struct, frozen=True, kw_only=True):
    """The items and settings that the server should have."""

    campaign: str  # the unique key of the campaign on the server
    title: str
    codebook: Codebook
    language: str
    items: tuple[ShownItem, ...]
    layout: Layout = "shared"
    assignments: tuple[Assignment, ...] = ()  # blind layout: current assignments
    tiebreaks: tuple[Tiebreak, ...] = ()
    withdrawn: tuple[str, ...] = ()  # withdrawn items
    unshown: tuple[str, ...] = ()  # items whose texts no longer exist: their tasks stay unchanged
    earlier: tuple[Codebook, ...] = ()  # codebooks of earlier pushes, oldest first
    show: tuple[ShownPart, ...] = ("headline", "neighbours", "note")
    answered: tuple[tuple[int, str], ...] = ()  # (project, item) pairs with annotations in the ledger
    earlier_projects: tuple[PushedProject, ...] = ()  # projects of earlier pushes on this server
    screens: tuple[ScreenVersion, ...] = ()  # screen versions recorded by earlier pushes
    batch: int = 200  # tasks per request


def codebook_of(request: PushRequest, ref: str) -> Codebook | None:
    """Return the earlier codebook with a reference; None if it is unknown."""
    return next((book for book in request.earlier if one_line(book.ref) == ref), None)


def spec_of(project: PushedProject) -> ProjectSpec:
    """Return the spec of a pushed project."""
    return ProjectSpec(kind=project.kind, unit=project.unit, votes=project.votes, annotator=project.annotator or "")


ItemsBySpec = dict[ProjectSpec, dict[str, ShownItem]]  # by item id, in display order


def project_specs(request: PushRequest) -> ItemsBySpec:
    """Return the planned projects with their items.

    Raises:
        DataError: the layout is blind and an item has no assignment.
    """
    items = {
        shown_item.item.id: shown_item
        for shown_item in request.items
        if shown_item.item.id not in set(request.withdrawn)
    }
    specs = _people(items, request.assignments) if request.layout == "blind" else _queues(items.values())
    specs |= _tiebreaks(items, request.tiebreaks)
    return {spec: specs[spec] for spec in sorted(specs)}


def home_queue(item: Item) -> ProjectSpec:
    """Return the queue of an item in the shared layout."""
    return ProjectSpec(unit=item.unit, votes=item.votes)


def _queues(items: Iterable[ShownItem]) -> ItemsBySpec:
    specs: ItemsBySpec = defaultdict(dict)
    for shown_item in items:
        specs[home_queue(shown_item.item)][shown_item.item.id] = shown_item
    return dict(specs)


def _people(items: Mapping[str, ShownItem], assignments: Iterable[Assignment]) -> ItemsBySpec:
    specs: ItemsBySpec = defaultdict(dict)
    for row in sorted(assignments, key=lambda row: (row.annotator, row.position, row.item_id)):
        shown_item = items.get(row.item_id)
        if shown_item is not None:
            spec = ProjectSpec(kind="person", unit=shown_item.item.unit, votes=1, annotator=row.annotator)
            specs[spec][row.item_id] = shown_item
    nobody = items.keys() - {item for spec in specs.values() for item in spec}
    if nobody:
        raise DataError(
            f"{len(nobody)} items are assigned to nobody, e.g. {min(nobody)}; run `stance plan` again, with the "
            "annotators in `[studio] annotators`"
        )
    return dict(specs)


def _tiebreaks(items: Mapping[str, ShownItem], tiebreaks: Iterable[Tiebreak]) -> ItemsBySpec:
    specs: ItemsBySpec = defaultdict(dict)
    for tiebreak in tiebreaks:
        shown_item = items.get(tiebreak.item_id)
        if shown_item is not None:
            spec = ProjectSpec(kind="tiebreak", unit=shown_item.item.unit, votes=1, annotator=tiebreak.annotator or "")
            specs[spec][tiebreak.item_id] = shown_item
    return dict(specs)


def answered_items(states: Iterable[Annotation], server: str) -> tuple[tuple[int, str], ...]:
    """Return the items with annotations in the ledger, with their projects.

    Args:
        states: the latest state of each annotation.
        server: the key of the server in the ledger.
    """
    origins = [(state.origin, state.item_id) for state in states if state.state not in ("deleted", "draft")]
    return tuple(sorted({(origin.project, item) for origin, item in origins if origin and origin.server == server}))


def campaign_request(
    store: Store,
    url: str,
    shown: Sequence[ShownItem],
    states: Sequence[Annotation],
    assignments: Iterable[Assignment],
    accounts: frozenset[str] | None = None,
) -> PushRequest:
    """Return the push request of a campaign.

    Args:
        store: the campaign's store.
        url: the address of the server.
        shown: the items as annotators see them.
        states: the latest state of each annotation in the ledger.
        assignments: the annotators of each item, where the campaign assigns them.
        accounts: who can sign in to break a tie; None: not known.
    """
    campaign, before = store.campaign, store.pushed
    options, here = campaign.file.studio, before if before is not None and before.is_at(url) else None
    return PushRequest(
        campaign=campaign_key(store),
        title=options.title or campaign.file.title,
        codebook=campaign.codebook,
        language=campaign.file.language,
        items=tuple(shown),
        unshown=tuple(sorted(store.items.keys() - {row.item.id for row in shown})),
        layout=options.layout,
        assignments=tuple(assignments),
        tiebreaks=tuple(_open_tiebreaks(store, states, accounts)) if options.tiebreak else (),
        withdrawn=tuple(sorted(store.withdrawn)),
        earlier=tuple(store.rows("codebooks.jsonl", Codebook)),
        show=options.show,
        answered=answered_items(states, here.server) if here else (),
        earlier_projects=here.projects if here else (),
        screens=here.screens if here else (),
        batch=options.batch,
    )


def _open_tiebreaks(store: Store, states: Sequence[Annotation], accounts: frozenset[str] | None) -> list[Tiebreak]:
    codebook = store.campaign.codebook
    people = tiebreak_people(store.campaign.file.studio.annotators, states, store.annotators, accounts)
    return tiebreaks(settle(states, store.items, codebook, store.withdrawn), states, codebook, store.items, people)
