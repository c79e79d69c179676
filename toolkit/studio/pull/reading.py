"""Annotations and drafts of a server, each with the item and the person that it belongs to."""

from collections.abc import Callable, Iterator, Mapping
from typing import Literal

from msgspec import Struct

from toolkit.codebook import Codebook
from toolkit.exchange.label_config import screen_mark
from toolkit.exchange.results import parse_result, screen_in, spans_in_code_points
from toolkit.people import NO_ERASURE_RECORDS, WITHDRAWN, ErasureRecords
from toolkit.records import Answers, Item, Origin, PushedProject
from toolkit.studio.http.client import Studio
from toolkit.studio.http.schemas import ServerAnnotation, ServerTask
from toolkit.studio.pull.ledger_index import answers_hash

Pseudonyms = Callable[[int, str], str]  # number and e-mail address of an account on the server -> its pseudonym

NOBODY = "deleted-account"


class ScreenSince(Struct, frozen=True, kw_only=True):
    """A codebook and from when on annotators saw it."""

    since: str  # ISO 8601, UTC, by the server's clock
    codebook_ref: str


class PullRequest(Struct, frozen=True, kw_only=True):
    """What is to be pulled, and how it is read."""

    server: str  # the key of the server in the ledger; stays what it was when its address changes
    projects: tuple[PushedProject, ...]
    items: Mapping[str, Item]
    codebook: Codebook
    codebook_ref: str  # of the codebook that was pushed last
    screens: tuple[ScreenSince, ...] = ()  # the oldest first; none: there was never another
    erasure_records: ErasureRecords = NO_ERASURE_RECORDS  # of people whose answers are left out

    def seen_at(self, time: str) -> str:
        """The codebook on the screen at a time."""
        before = [screen for screen in self.screens if screen.since <= time]
        if not self.screens:
            return self.codebook_ref
        return (before or [self.screens[0]])[-1].codebook_ref

    def shown_by(self, mark: str | None) -> str | None:
        """The codebook whose screen bears a mark; None where none of the campaign's does."""
        refs = (self.codebook_ref, *(screen.codebook_ref for screen in self.screens))
        return next((ref for ref in refs if screen_mark(ref) == mark), None)


class ServerVote(Struct, frozen=True, kw_only=True):
    """An annotation or draft of the server, read but not yet judged."""

    item: Item
    project: PushedProject
    origin: Origin
    annotator: str
    sender: str  # who really sent it
    answered: str  # when its annotator last can have changed it
    state: Literal["submitted", "draft", "skipped"]
    answers: Answers
    screen: str | None  # the mark of the screen on which it was given
    raw: ServerAnnotation

    @property
    def given(self) -> tuple[object, ...]:
        """What its annotator has done, whatever is thought of it."""
        return self.annotator, self.state, answers_hash(self.answers)


class AccountDirectory:
    """Who is behind the numbers of accounts; each is asked for once."""

    def __init__(self, studio: Studio, pseudonym_of: Pseudonyms, server: str, erasure_records: ErasureRecords) -> None:
        """Those of a server.

        Args:
            studio: the server.
            pseudonym_of: names an account; never called for somebody who withdrew.
            server: the key of the server in the ledger.
            erasure_records: of those who withdrew.
        """
        self.ours = studio.whoami().id
        self._studio = studio
        self._emails = studio.users()
        self._pseudonym_of = pseudonym_of
        self._server = server
        self._erasure_records = erasure_records
        self._known: dict[int, str] = {}
        self._withdrawn: set[int] = set()

    def name(self, user_id: int | None) -> str:
        """The pseudonym of an account."""
        if user_id is None:
            return NOBODY
        if user_id not in self._known:
            if user_id not in self._emails:  # has joined since
                self._emails = self._studio.users()
            self._known[user_id] = self._name(user_id, self._emails.get(user_id, ""))
        return self._known[user_id]

    def _name(self, user_id: int, email: str) -> str:
        if self._erasure_records.has_account(self._server, user_id, email):
            self._withdrawn.add(user_id)
            return WITHDRAWN
        return self._pseudonym_of(user_id, email)

    def has_withdrawn(self, user_id: int | None) -> bool:
        """Whether an account is that of somebody who withdrew."""
        self.name(user_id)
        return user_id in self._withdrawn


def item_named_by(task: ServerTask) -> str | None:
    """The item that a task says it shows, whether it is one of the campaign or not."""
    item_id = task.data.get("item_id")
    return item_id if isinstance(item_id, str) else None


class Reader:
    """Reads answers as the request says."""

    def __init__(self, request: PullRequest, people: AccountDirectory) -> None:
        self._request = request
        self._people = people

    def item_of(self, task: ServerTask) -> Item | None:
        """The item that a task shows."""
        return self._request.items.get(item_named_by(task) or "")

    def is_ours(self, item_id: str | None) -> bool:
        """Whether an item is one of the campaign."""
        return item_id in self._request.items

    def annotations(self, project: PushedProject, task: ServerTask, item: Item) -> Iterator[ServerVote]:
        """The annotations on a task, without those of people who withdrew."""
        for raw in task.annotations:
            if self._people.has_withdrawn(raw.completed_by):
                continue
            origin = Origin(server=self._request.server, project=project.id, task=task.id, annotation=raw.id)
            yield self._seen(raw, item, project, origin, str(task.data.get("text", "")))

    def count_withdrawn(self, task: ServerTask) -> int:
        """How many of the annotations on a task are of people who withdrew."""
        return sum(self._people.has_withdrawn(raw.completed_by) for raw in task.annotations)

    def draft(
        self, project: PushedProject, task_id: int, item_id: str | None, raw: ServerAnnotation
    ) -> ServerVote | None:
        """A draft on a task; None where its item is not the campaign's, or whoever began it withdrew."""
        origin = Origin(server=self._request.server, project=project.id, task=task_id, annotation=None)
        item = self._request.items.get(item_id or "")
        if item is None or self._people.has_withdrawn(raw.completed_by):
            return None
        return self._seen(raw, item, project, origin, "")

    def _seen(self, raw: ServerAnnotation, item: Item, project: PushedProject, origin: Origin, text: str) -> ServerVote:
        moved = raw.was_moved(self._people.ours)
        return ServerVote(
            item=item,
            project=project,
            origin=origin,
            annotator=self._people.name(raw.completed_by),
            sender=self._people.name(raw.sender(self._people.ours)),
            answered=raw.created_at if moved else raw.updated_at,
            state="draft" if origin.annotation is None else "skipped" if raw.was_cancelled else "submitted",
            answers=parse_result(spans_in_code_points(raw.result, text), self._request.codebook),
            screen=screen_in(raw.result),
            raw=raw,
        )
