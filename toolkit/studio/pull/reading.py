"""Reading of annotations and drafts from a server, each with its item and annotator."""

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
    """A codebook and the time since which annotators saw it."""

    since: str  # ISO 8601, UTC, by the server's clock
    codebook_ref: str


class PullRequest(Struct, frozen=True, kw_only=True):
    """The projects to pull and the rules for reading them."""

    server: str  # the key of the server in the ledger; constant when the address changes
    projects: tuple[PushedProject, ...]
    items: Mapping[str, Item]
    codebook: Codebook
    codebook_ref: str  # the codebook of the last push
    screens: tuple[ScreenSince, ...] = ()  # oldest first; empty: there was only one codebook
    erasure_records: ErasureRecords = NO_ERASURE_RECORDS  # people whose answers are left out

    def seen_at(self, time: str) -> str:
        """Return the codebook on the screen at a time."""
        before = [screen for screen in self.screens if screen.since <= time]
        if not self.screens:
            return self.codebook_ref
        return (before or [self.screens[0]])[-1].codebook_ref

    def shown_by(self, mark: str | None) -> str | None:
        """Return the codebook with a screen mark; None if no codebook of the campaign has it."""
        refs = (self.codebook_ref, *(screen.codebook_ref for screen in self.screens))
        return next((ref for ref in refs if screen_mark(ref) == mark), None)


class ServerVote(Struct, frozen=True, kw_only=True):
    """An annotation or draft read from the server, before flags are set."""

    item: Item
    project: PushedProject
    origin: Origin
    annotator: str
    sender: str  # the account that sent the last change
    answered: str  # the latest possible time of the annotator's last change
    state: Literal["submitted", "draft", "skipped"]
    answers: Answers
    screen: str | None  # the mark of the screen that produced it
    raw: ServerAnnotation

    @property
    def given(self) -> tuple[object, ...]:
        """Return the annotator's own action, without flags and codebook."""
        return self.annotator, self.state, answers_hash(self.answers)


class AccountDirectory:
    """Pseudonyms by account number; each is requested once."""

    def __init__(self, studio: Studio, pseudonym_of: Pseudonyms, server: str, erasure_records: ErasureRecords) -> None:
        """Create the directory of a server.

        Args:
            studio: the server.
            pseudonym_of: gives the pseudonym of an account; never called for a person who withdrew.
            server: the key of the server in the ledger.
            erasure_records: the records of people who withdrew.
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
        """Return the pseudonym of an account."""
        if user_id is None:
            return NOBODY
        if user_id not in self._known:
            if user_id not in self._emails:  # joined after the list was read
                self._emails = self._studio.users()
            self._known[user_id] = self._name(user_id, self._emails.get(user_id, ""))
        return self._known[user_id]

    def _name(self, user_id: int, email: str) -> str:
        if self._erasure_records.has_account(self._server, user_id, email):
            self._withdrawn.add(user_id)
            return WITHDRAWN
        return self._pseudonym_of(user_id, email)

    def has_withdrawn(self, user_id: int | None) -> bool:
        """Return whether an account belongs to a person who withdrew."""
        self.name(user_id)
        return user_id in self._withdrawn


def item_named_by(task: ServerTask) -> str | None:
    """Return the item id in the data of a task, even if it is not of the campaign."""
    item_id = task.data.get("item_id")
    return item_id if isinstance(item_id, str) else None


class Reader:
    """Reads annotations by the rules of a pull request."""

    def __init__(self, request: PullRequest, people: AccountDirectory) -> None:
        self._request = request
        self._people = people

    def item_of(self, task: ServerTask) -> Item | None:
        """Return the item that a task shows."""
        return self._request.items.get(item_named_by(task) or "")

    def is_ours(self, item_id: str | None) -> bool:
        """Return whether an item belongs to the campaign."""
        return item_id in self._request.items

    def annotations(self, project: PushedProject, task: ServerTask, item: Item) -> Iterator[ServerVote]:
        """Yield the annotations on a task, without those of people who withdrew."""
        for raw in task.annotations:
            if self._people.has_withdrawn(raw.completed_by):
                continue
            origin = Origin(server=self._request.server, project=project.id, task=task.id, annotation=raw.id)
            yield self._seen(raw, item, project, origin, str(task.data.get("text", "")))

    def count_withdrawn(self, task: ServerTask) -> int:
        """Count the annotations on a task by people who withdrew."""
        return sum(self._people.has_withdrawn(raw.completed_by) for raw in task.annotations)

    def draft(
        self, project: PushedProject, task_id: int, item_id: str | None, raw: ServerAnnotation
    ) -> ServerVote | None:
        """Return a draft on a task; None if its item is not of the campaign or its author withdrew."""
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
