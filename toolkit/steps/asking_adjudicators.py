"""The step that asks an adjudicator on Label Studio, in a project that nobody else is asked in.

Who is asked what is kept in ``adjudication_requests.jsonl``, which is appended to: whoever was asked last is to decide.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

import msgspec
from msgspec import Struct

from toolkit.campaigns.display import ShownItem
from toolkit.codebook import Codebook
from toolkit.errors import DataError, UsageError
from toolkit.files import append_jsonl, locked, mend_jsonl
from toolkit.labels.adjudication import AdjudicationRequest, to_adjudicate, waiting_requests
from toolkit.records import Assignment, Gold
from toolkit.steps.adjudicated import adjudications_of, requests_of
from toolkit.steps.build import gold_of
from toolkit.steps.common import Outcome, Progress, counted_of, finish, items_of
from toolkit.steps.decided import Wanted, check_adjudicator, questions_in_doubt
from toolkit.steps.pull import Naming
from toolkit.steps.showing import shown_now
from toolkit.steps.studio_connection import campaign_key, connect
from toolkit.steps.tombstones import TOMBSTONES, read_tombstones
from toolkit.studio.adjudication_projects import RulingPlace, asked_there, ruling_book, word
from toolkit.studio.http.client import Studio
from toolkit.studio.push.items import PushReport, PushRequest, find_projects, push_items
from toolkit.times import now
from toolkit.workspace import CampaignConfig

Doubts = Mapping[str, Sequence[str]]  # item -> the questions that are in doubt


class _Asked(Struct, frozen=True, kw_only=True):
    """What was done on the server."""

    report: PushReport
    elsewhere: dict[str, list[str]]  # adjudicator -> items that stay there, since they were answered or begun
    moved: int  # items that somebody else was to decide


def adjudicate_push_step(campaign: CampaignConfig, wanted: Wanted, progress: Progress) -> Outcome:
    """Bring what waits for an adjudicator to a project of their own, each item once, however often this is run."""
    check_adjudicator(wanted.adjudicator)
    if read_tombstones(campaign.at(TOMBSTONES)).hold_name(wanted.adjudicator):
        raise UsageError(f"--by {wanted.adjudicator}: somebody of that name withdrew; ask somebody else")
    questions = questions_in_doubt(campaign, wanted.questions)
    gold = gold_of(campaign)
    place = RulingPlace(campaign=campaign_key(campaign), adjudicator=wanted.adjudicator, blind=not wanted.show_votes)
    studio, keys_file = connect(campaign)
    with studio, locked(campaign.at("adjudicate")):
        mend_jsonl(campaign.at("adjudication_requests.jsonl"))
        doubts = to_adjudicate(gold, adjudications_of(campaign), questions, wanted.below)
        desk = _Desk(campaign, studio, gold, progress)
        if not doubts and not desk.asked(place):
            raise DataError(f"{campaign.path}: nothing waits for an adjudicator")
        asked = desk.ask(place, doubts, wanted.below)
        known = _is_known(studio, Naming(campaign, keys_file), wanted.adjudicator)
    return _outcome(campaign, place, asked, known)


class _Desk:
    """A campaign and the server on which its adjudicators are asked."""

    def __init__(self, campaign: CampaignConfig, studio: Studio, gold: Sequence[Gold], progress: Progress) -> None:
        self._campaign = campaign
        self._studio = studio
        self._gold = {(row.item_id, row.question): row for row in gold}
        self._progress = progress
        self._shown = {each.item.id: each for each in shown_now(campaign, list(items_of(campaign).values()))}

    def asked(self, place: RulingPlace) -> list[AdjudicationRequest]:
        """All that was ever asked in a place."""
        return [row for row in requests_of(self._campaign) if self._place_of(row) == place]

    def _place_of(self, row: AdjudicationRequest) -> RulingPlace:
        return RulingPlace(campaign=campaign_key(self._campaign), adjudicator=row.adjudicator, blind=row.blind)

    def _waiting(self) -> list[AdjudicationRequest]:
        return waiting_requests(requests_of(self._campaign), self._gold.values(), adjudications_of(self._campaign))

    def ask(self, place: RulingPlace, doubts: Doubts, below: float | None) -> _Asked:
        """Take from others what nobody has touched there, note who is asked, and bring it."""
        doubts = {item: names for item, names in doubts.items() if item in self._shown}
        elsewhere: dict[str, list[str]] = {}
        moved = 0
        for other, items in self._at_others(place, doubts).items():
            kept = self._take_from(other, items)
            if kept:
                elsewhere.setdefault(other.adjudicator, []).extend(sorted(kept))
            moved += len(items) - len(kept)
            doubts = {item: names for item, names in doubts.items() if item not in kept}
        self._note(place, doubts, below)
        return _Asked(report=self._push(place, ()), elsewhere=elsewhere, moved=moved)

    def _at_others(self, place: RulingPlace, doubts: Doubts) -> dict[RulingPlace, set[str]]:
        """The items that are in doubt here and stand in other places, for no question but these."""
        open_at: defaultdict[tuple[RulingPlace, str], set[str]] = defaultdict(set)
        for row in self._waiting():
            open_at[self._place_of(row), row.item_id].add(row.question)
        found: defaultdict[RulingPlace, set[str]] = defaultdict(set)
        for (other, item), names in open_at.items():
            if other != place and names <= set(doubts.get(item, ())):
                found[other].add(item)
        return dict(found)

    def _take_from(self, other: RulingPlace, items: set[str]) -> set[str]:
        """Take items out of another place; those stay that somebody answered or began there, skips aside."""
        kept = set(self._push(other, items).kept) & items
        return kept - self._skipped(other) if kept else kept

    def _skipped(self, place: RulingPlace) -> set[str]:
        skipped = set()
        for project in find_projects(self._studio, place.key):
            begun = {task for task, _ in self._studio.drafts(project.id)}
            for task in self._studio.tasks(project.id):
                if task.id not in begun and all(raw.was_cancelled for raw in task.annotations):
                    skipped.add(str(task.data.get("item_id")))
        return skipped

    def _note(self, place: RulingPlace, doubts: Doubts, below: float | None) -> None:
        """Keep what is asked of whom, before the server has it; what was asked in the same way is known."""
        last = {(row.item_id, row.question): row for row in requests_of(self._campaign)}
        rows = [
            AdjudicationRequest(
                item_id=item,
                question=name,
                adjudicator=place.adjudicator,
                blind=place.blind,
                below=below,
                votes=self._gold[item, name].votes,
                codebook=self._campaign.codebook.ref,
                sent=now(),
            )
            for item, names in doubts.items()
            for name in names
        ]
        new = [row for row in rows if not _is_same(row, last.get((row.item_id, row.question)))]
        append_jsonl(self._campaign.at("adjudication_requests.jsonl"), new)

    def _push(self, place: RulingPlace, without: Iterable[str]) -> PushReport:
        """Have the server show in a place what waits there, and no more what does not."""
        waiting: defaultdict[str, list[str]] = defaultdict(list)
        for row in self._waiting():
            if self._place_of(row) == place and row.item_id not in without:
                waiting[row.item_id].append(row.question)
        over = {row.item_id for row in self.asked(place)} - waiting.keys()
        request = self._request(place, waiting, over)
        return push_items(self._studio, request, lambda done, total: self._progress("pushed", done, total))

    def _request(self, place: RulingPlace, waiting: Doubts, over: set[str]) -> PushRequest:
        file, codebook = self._campaign.file, self._campaign.codebook
        asked = {name for names in waiting.values() for name in names} | {row.question for row in self.asked(place)}
        for project in find_projects(self._studio, place.key):
            asked |= asked_there(project, codebook)
        items = [each for name, each in self._shown.items() if name in waiting]
        ordered = enumerate(each.item.id for each in items)
        return PushRequest(
            campaign=place.key,
            title=f"{word('title', file.language)}: {file.studio.title or file.title}",
            codebook=ruling_book(codebook, asked, file.language),
            language=file.language,
            items=tuple(self._with_note(each, waiting[each.item.id], place) for each in items),
            layout="blind",
            assignments=tuple(Assignment(item_id=i, annotator=place.adjudicator, position=n) for n, i in ordered),
            withdrawn=tuple(sorted(over)),
            unshown=tuple(sorted(waiting.keys() - self._shown.keys())),
            show=(*file.studio.show, *(() if "note" in file.studio.show else ("note",))),
            batch=file.studio.batch,
        )

    def _with_note(self, each: ShownItem, names: Sequence[str], place: RulingPlace) -> ShownItem:
        """The item with what is in doubt beside it, and where wanted the votes: all of it is shown letter by letter."""
        language = self._campaign.file.language
        note = [each.shown.note, f"{word('doubt', language)}: {', '.join(names)}"]
        if not place.blind:
            rows = [self._gold[each.item.id, name] for name in names]
            told = "; ".join(f"{row.question}: {_told(row, self._campaign.codebook, language)}" for row in rows)
            note.append(f"{word('votes', language)}: {told}")
        shown = msgspec.structs.replace(each.shown, note=" · ".join(filter(None, note)))
        return msgspec.structs.replace(each, shown=shown)


def _told(row: Gold, codebook: Codebook, language: str) -> str:
    titles = {label.name: codebook.say(label.title, language) for label in codebook.question(row.question).labels}
    return ", ".join(f"{titles.get(label) or label} {number}" for label, number in row.votes.items())


def _is_same(row: AdjudicationRequest, last: AdjudicationRequest | None) -> bool:
    return last is not None and msgspec.structs.replace(row, sent=last.sent) == last


def _is_known(studio: Studio, naming: Naming, adjudicator: str) -> bool:
    """Whether the server has an account of that name, as far as we know who is behind them."""
    return any(naming.known_name(number, email) == adjudicator for number, email in studio.users().items())


# --- what is said of it ----------------------------------------------------------------------------------------------


def _outcome(campaign: CampaignConfig, place: RulingPlace, asked: _Asked, known: bool) -> Outcome:
    report, own = asked.report, _own_votes(campaign, place)
    facts = {
        "schema": 1,
        "adjudicator": place.adjudicator,
        "blind": place.blind,
        "created": report.created,
        "present": report.present,
        "refreshed": report.refreshed,
        "taken_out": report.taken_out,
        "moved": asked.moved,
        "elsewhere": asked.elsewhere,
        "own": own,
        "account": known,
        "twins": list(report.twins),
        "projects": [msgspec.to_builtins(project) for project in report.projects],
    }
    lines = [_pushed(place, asked)]
    for name, items in asked.elsewhere.items():
        lines.append(f"{len(items)} stay with {name}, who has answered or begun them: `--pull` first")
    if own:
        lines.append(f"{place.adjudicator} has voted on {own} of them, which the card will say")
    if not known:
        lines.append(f"no account on the server is known as {place.adjudicator}: `stance studio users add` makes one")
    lines.append(f"back by `stance adjudicate {campaign.path} --pull`")
    outcome = Outcome(line="; ".join(lines), facts=facts)
    outputs = [campaign.at("adjudication_requests.jsonl")]
    return finish(campaign, "adjudicate --push", [campaign.at("gold.jsonl")], outputs, outcome)


def _own_votes(campaign: CampaignConfig, place: RulingPlace) -> int:
    """On how many of the items that were ever asked in a place its adjudicator has voted."""
    rows = (row for row in requests_of(campaign) if (row.adjudicator, row.blind) == (place.adjudicator, place.blind))
    voted = {row.item_id for row in counted_of(campaign).counted if row.annotator == place.adjudicator}
    return len({row.item_id for row in rows} & voted)


def _pushed(place: RulingPlace, asked: _Asked) -> str:
    report = asked.report
    seen = "blind" if place.blind else "votes shown"
    said = [f"{report.created} items pushed for {place.adjudicator}, {seen}, {report.present} were there"]
    more = {
        "tasks put right": report.refreshed,
        "taken out": report.taken_out,
        "that somebody else was asked before": asked.moved,
    }
    said += [f"{number} {what}" for what, number in more.items() if number]
    where = ", ".join(project.url for project in report.projects)
    return ", ".join(said) + (f": {where}" if where else "")
