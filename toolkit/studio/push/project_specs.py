"""Which items are meant to stand where: the projects of a campaign, before anybody has made them.

In the shared layout a project is a queue for all, one for each kind of unit and number of votes, since both belong to
a project as a whole. In the blind layout it is one annotator's own. Disputed items have projects of their own.
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
    """A codebook's reference without line breaks, which its version may have."""
    return " ".join(ref.split())


class ProjectSpec(Struct, frozen=True, kw_only=True, order=True):
    """What a project is for."""

    kind: ProjectKind = "queue"
    unit: Unit
    votes: int  # how many annotators are asked for each item
    annotator: str = ""  # whose it is; "": anybody's

    def marker(self, campaign: str) -> str:
        """The text in a project's description by which it is known.

        >>> ProjectSpec(unit="paragraph", votes=3).marker("demo-1f")
        '[stance-toolkit demo-1f paragraph 3]'
        """
        what = str(self.votes) if self.kind == "queue" else f"{self.kind} {self.annotator or _NOBODY}"
        return f"{campaign_marker(campaign)}{self.unit} {what}]"


def campaign_marker(campaign: str) -> str:
    """The text that the descriptions of all projects of a campaign have in common."""
    return f"[{_MARK} {campaign} "


def spec_in(description: str) -> ProjectSpec | None:
    """What a project is for, by its description; None where `stance push` did not write that.

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
    """What is to stand on the server."""

    campaign: str  # the key that tells this campaign from all others on the server
    title: str
    codebook: Codebook
    language: str
    items: tuple[ShownItem, ...]
    layout: Layout = "shared"
    assignments: tuple[Assignment, ...] = ()  # blind: those that hold
    tiebreaks: tuple[Tiebreak, ...] = ()
    withdrawn: tuple[str, ...] = ()  # items that nobody is to be asked about any more
    unshown: tuple[str, ...] = ()  # items whose texts are not there any more: their tasks stay as they are
    earlier: tuple[Codebook, ...] = ()  # that were pushed before, the oldest first
    show: tuple[ShownPart, ...] = ("headline", "neighbours", "note")
    answered: tuple[tuple[int, str], ...] = ()  # (project, item) that the ledger has annotations of
    earlier_projects: tuple[PushedProject, ...] = ()  # projects that an earlier push left on this server
    screens: tuple[ScreenVersion, ...] = ()  # what an earlier push knew of what was shown
    batch: int = 200  # tasks a request


def codebook_of(request: PushRequest, ref: str) -> Codebook | None:
    """The codebook that was pushed before under a reference, if it is known."""
    return next((book for book in request.earlier if one_line(book.ref) == ref), None)


def spec_of(project: PushedProject) -> ProjectSpec:
    """What a pushed project is for."""
    return ProjectSpec(kind=project.kind, unit=project.unit, votes=project.votes, annotator=project.annotator or "")


ItemsBySpec = dict[ProjectSpec, dict[str, ShownItem]]  # by item id, in the order in which they are shown


def project_specs(request: PushRequest) -> ItemsBySpec:
    """Which items are meant to stand where.

    Raises:
        DataError: the layout is blind and an item is assigned to nobody.
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
    """The queue that an item is meant to stand in, where all share."""
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
    """The items that the ledger has annotations of, with their projects.

    Args:
        states: the latest state of each annotation.
        server: as the ledger calls it.
    """
    origins = [(state.origin, state.item_id) for state in states if state.state not in ("deleted", "draft")]
    return tuple(sorted({(origin.project, item) for origin, item in origins if origin and origin.server == server}))


def campaign_request(
    store: Store,
    url: str,
    shown: Sequence[ShownItem],
    states: Sequence[Annotation],
    assignments: Iterable[Assignment],
) -> PushRequest:
    """What a campaign pushes.

    Args:
        store: of the campaign.
        url: of the server.
        shown: the items as annotators see them.
        states: the latest state of each annotation in the ledger.
        assignments: who is asked for what, where the campaign names people.
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
        tiebreaks=tuple(_open_tiebreaks(store, states)) if options.tiebreak else (),
        withdrawn=tuple(sorted(store.withdrawn)),
        earlier=tuple(store.rows("codebooks.jsonl", Codebook)),
        show=options.show,
        answered=answered_items(states, here.server) if here else (),
        earlier_projects=here.projects if here else (),
        screens=here.screens if here else (),
        batch=options.batch,
    )


def _open_tiebreaks(store: Store, states: Sequence[Annotation]) -> list[Tiebreak]:
    codebook = store.campaign.codebook
    people = tiebreak_people(store.campaign.file.studio.annotators, states, store.annotators)
    return tiebreaks(settle(states, store.items, codebook, store.withdrawn), states, codebook, store.items, people)
