"""Pull of annotations from Label Studio into the ledger, with a check that the pull is complete.

A pull requests the tasks that changed since the last pull, by the server's clock, and then the counts of the server's
database. The pull is complete only if the two agree; otherwise it reads everything again. It appends lines to the
ledger while it reads pages, so it can be stopped at any point: the next pull continues and writes no line twice.
"""

from collections import defaultdict
from collections.abc import Callable
from functools import cached_property

from msgspec import Struct

from toolkit.errors import StudioError
from toolkit.records import PushedProject
from toolkit.studio.http.client import Studio
from toolkit.studio.http.schemas import Counts, Newest, ServerTask
from toolkit.studio.pull.differences import Differences
from toolkit.studio.pull.ledger_index import (
    Cursor,
    LedgerEntry,
    LedgerFile,
    LedgerIndex,
    ProjectCursor,
    ran_backwards,
    since_of,
)
from toolkit.studio.pull.reading import AccountDirectory, Pseudonyms, PullRequest, Reader, ServerVote, item_named_by
from toolkit.times import utc


class Pulled(Struct, frozen=True, kw_only=True):
    """The result of a pull."""

    new: int  # lines added to the ledger
    unchanged: int  # annotations and drafts that the ledger already had
    tasks: int  # tasks read
    unknown_tasks: int  # tasks that show no item of the campaign; their answers are ignored
    withdrawn: int  # annotations of people who withdrew; left out
    full_reread: dict[int, str]  # fully read project -> reason; "" if there was no cursor
    incomplete: dict[int, str]  # project -> mismatch between the counts
    cursor: Cursor  # the starting point of the next pull


def pull_annotations(
    studio: Studio,
    request: PullRequest,
    ledger: LedgerFile,
    cursor: Cursor | None,
    pseudonym_of: Pseudonyms,
    progress: Callable[[int, int], None],
) -> Pulled:
    """Append to the ledger the states on the server that the ledger lacks.

    Args:
        studio: the server.
        request: the projects and the campaign's items.
        ledger: the ledger file.
        cursor: the starting point; None: read everything.
        pseudonym_of: gives the pseudonym for an account number and e-mail address; called for accounts with answers.
        progress: called with the number of tasks read and their total.

    Raises:
        StudioError: a project was deleted or the server is unreachable; lines appended until then are valid and stay.
    """
    index = LedgerIndex(ledger.lines(), request.server)
    differences = Differences(request, ledger, index, studio.whoami().id)
    reader = Reader(request, AccountDirectory(studio, pseudonym_of, request.server, request.erasure_records))
    before = studio.counts(project.id for project in request.projects)
    total = _Total(sum(count.task_number for count in before.values()), progress)
    again = "the codebook was changed" if cursor and cursor.codebook != request.codebook.ref else ""
    shared = ProjectPullRequest(studio=studio, reader=reader, index=index, differences=differences)
    pulls: dict[int, ProjectPull] = {}
    for project in request.projects:
        previous = cursor.projects.get(project.id) if cursor else None
        pulls[project.id] = ProjectPull(shared, project, previous, again)
        pulls[project.id].run(before.get(project.id), total.add)
    return Pulled(
        new=differences.new,
        unchanged=differences.unchanged,
        tasks=total.tasks,
        unknown_tasks=sum(pull.unknown_tasks for pull in pulls.values()),
        withdrawn=sum(pull.withdrawn for pull in pulls.values()),
        full_reread={number: pull.full_reread for number, pull in pulls.items() if pull.full_reread is not None},
        incomplete={number: pull.incomplete for number, pull in pulls.items() if pull.incomplete is not None},
        cursor=Cursor(
            server=request.server,
            codebook=request.codebook.ref,
            ledger=ledger.size,
            projects={number: pull.cursor for number, pull in pulls.items() if pull.cursor is not None},
        ),
    )


class _Total:
    """The number of tasks read."""

    def __init__(self, expected: int, progress: Callable[[int, int], None]) -> None:
        self.tasks = 0
        self._wanted = expected
        self._progress = progress

    def add(self, tasks: int) -> None:
        """Add the tasks of a page."""
        self.tasks += tasks
        self._progress(self.tasks, max(self._wanted, self.tasks))


# --- one project ------------------------------------------------------------------------------------------------------


class ProjectPullRequest(Struct, frozen=True, kw_only=True):
    """The parts that all projects of one pull share."""

    studio: Studio
    reader: Reader  # reads tasks
    index: LedgerIndex  # the index of the ledger
    differences: Differences  # appends new lines to the ledger


class ProjectPull:
    """The pull of one project of a campaign."""

    def __init__(
        self, request: ProjectPullRequest, project: PushedProject, previous: ProjectCursor | None, again: str
    ) -> None:
        """Prepare the pull of a project.

        Args:
            request: the server, the reader of its tasks and the ledger.
            project: its role in the campaign.
            previous: the state after the last pull; None: there was none.
            again: the reason for a full read despite a previous state; "" if there is none.
        """
        self._studio = request.studio
        self._project = project
        self._reader = request.reader
        self._index = request.index
        self._differences = request.differences
        self._previous = previous
        self._again = again
        self._since = previous.since if previous else None
        self._tasks = dict(previous.tasks) if previous else {}
        self._strange = dict(previous.strange) if previous else {}
        self._withdrawn = dict(previous.withdrawn) if previous else {}
        self._absent: dict[int, LedgerEntry] = {}  # apparently deleted; confirmed when the counts agree
        self._doubt = ""
        self.full_reread: str | None = None  # reason for a full read; None: there was none
        self.incomplete: str | None = None  # remaining mismatch
        self.cursor: ProjectCursor | None = None

    @property
    def unknown_tasks(self) -> int:
        """Return the number of tasks that show no item of the campaign."""
        return len(self._strange)

    @property
    def withdrawn(self) -> int:
        """Return the number of annotations of people who withdrew."""
        return sum(self._withdrawn.values())

    def run(self, before: Counts | None, progress: Callable[[int], None]) -> None:
        """Bring the ledger up to date with the project.

        Args:
            before: the counts of the project before reading began.
            progress: called with the number of tasks on each page.

        Raises:
            StudioError: the project was deleted.
        """
        if before is None:
            self._studio.project(self._project.id)  # raises if the project was deleted
            raise StudioError(f"{self._studio.url}: project {self._project.id} is not one of our account's")
        newest = self._studio.newest(self._project.id)
        for step in self._plan(newest):
            step(newest, progress)
            after = self._counts()
            if self._agree(before, after):
                self._differences.take_gone(list(self._absent.values()))
                self._absent = {}
                self.cursor = ProjectCursor(
                    since=self._since,
                    clock=newest.clock,
                    tasks=self._tasks,
                    strange=self._strange,
                    withdrawn=self._withdrawn,
                )
                break
            before, newest = after, self._studio.newest(self._project.id)
        else:
            self.incomplete = self._doubt
            gone = [entry for number, entry in self._absent.items() if not self._studio.has_annotation(number)]
            self._differences.take_gone(gone)
        self._bring_drafts()

    def _plan(self, newest: Newest) -> list[Callable[[Newest, Callable[[int], None]], None]]:
        """Return the steps to run in order until the counts agree."""
        self.full_reread = self._reason_for_all(newest)
        if self.full_reread is None:
            return [self._read_changed, self._compare_tasks, self._read_all, self._read_changed, self._read_changed]
        return [self._read_all, self._read_changed, self._read_changed]

    def _reason_for_all(self, newest: Newest) -> str | None:
        if self._previous is None or self._previous.since is None:
            return ""
        if any(self._reader.is_ours(self._tasks.get(task)) for task in self._strange):
            return "items have joined the campaign"
        if ran_backwards(self._previous, newest):
            return "the server's clock was set back"
        return self._again or None

    # --- the steps -------------------------------------------------------------------------------------------------

    def _read_changed(self, newest: Newest, progress: Callable[[int], None]) -> None:
        if self._since is None:
            self._read_all(newest, progress)
        elif newest.changed is not None and utc(newest.changed) > self._since:
            for page in self._studio.task_pages(self._project.id, self._since):
                self._take_page(page)
                progress(len(page))
            self._since = since_of(newest)

    def _compare_tasks(self, newest: Newest, progress: Callable[[int], None]) -> None:
        """Find deleted tasks and their annotations; other mismatches are left to the next step."""
        before = set(self._tasks)  # taken before the list, so a task added meanwhile is not missing
        there = {number for page in self._studio.task_numbers(self._project.id) for number in page}
        self._drop_tasks(before - there)
        self._read_changed(newest, progress)

    def _read_all(self, newest: Newest, progress: Callable[[int], None]) -> None:
        if self.full_reread is None:
            self.full_reread = self._doubt
        tasks: set[int] = set()
        for page in self._studio.task_pages(self._project.id):
            self._take_page(page)
            tasks.update(task.id for task in page)
            progress(len(page))
        self._drop_tasks(self._tasks.keys() - tasks)
        alive = self._index.alive(self._project.id)
        self._absent = {entry.number: entry for entry in alive if entry.number is not None and entry.task not in tasks}
        self._since = since_of(newest)

    def _drop_tasks(self, gone: set[int]) -> None:
        if not gone:
            return
        for task in gone:
            del self._tasks[task]
            self._strange.pop(task, None)
            self._withdrawn.pop(task, None)
        for entry in self._index.alive(self._project.id):
            if entry.task in gone and entry.number is not None:
                self._absent[entry.number] = entry

    def _take_page(self, page: tuple[ServerTask, ...]) -> None:
        seen: list[ServerVote] = []
        missing: list[LedgerEntry] = []
        for task in page:
            item = self._reader.item_of(task)
            self._tasks[task.id] = item.id if item else item_named_by(task)
            self._strange.pop(task.id, None)
            self._withdrawn.pop(task.id, None)
            if item is None:
                missing += self._take_strange(task)
                continue
            if withdrawn := self._reader.count_withdrawn(task):
                self._withdrawn[task.id] = withdrawn
            there = list(self._reader.annotations(self._project, task, item))
            numbers = {annotation.raw.id for annotation in there}
            seen += there
            missing += [entry for entry in self._on_task(item.id, task.id) if entry.number not in numbers]
        self._differences.take(seen)
        self._differences.take_gone(missing)

    def _take_strange(self, task: ServerTask) -> list[LedgerEntry]:
        """Count the annotations on a task without an item; ledger entries for it predate the edit of its data."""
        there = {raw.id for raw in task.annotations}
        recorded = {entry.number: entry for entry in self._entries_by_task.get(task.id, ())}
        self._strange[task.id] = len(there - recorded.keys())
        return [entry for number, entry in recorded.items() if number not in there and entry.state != "deleted"]

    @cached_property
    def _entries_by_task(self) -> dict[int, list[LedgerEntry]]:
        entries: defaultdict[int, list[LedgerEntry]] = defaultdict(list)
        for entry in self._index.alive(self._project.id):
            entries[entry.task].append(entry)
        return entries

    def _on_task(self, item_id: str, task: int) -> list[LedgerEntry]:
        of_item = self._index.of_item(item_id)
        return [entry for entry in of_item if entry.task == task and entry.state != "deleted"]

    # --- completeness ----------------------------------------------------------------------------------------------

    def _counts(self) -> Counts:
        counts = self._studio.counts([self._project.id]).get(self._project.id)
        if counts is None:
            self._studio.project(self._project.id)
            raise StudioError(f"{self._studio.url}: project {self._project.id} is not one of our account's")
        return counts

    def _agree(self, before: Counts, after: Counts) -> bool:
        """Return whether the known counts lie between the server's counts before and after reading."""
        tasks = len(self._tasks)
        ours = self._index.count_alive(self._project.id) - len(self._absent)
        annotations = ours + self.withdrawn + sum(self._strange.values())
        self._doubt = (
            f"the server counts {after.task_number} tasks with {after.annotations} annotations, and we {tasks} with "
            f"{annotations}"
        )
        return _between(before.task_number, tasks, after.task_number) and _between(
            before.annotations, annotations, after.annotations
        )

    def _bring_drafts(self) -> None:
        drafts: list[ServerVote] = []
        for task, raw in self._studio.drafts(self._project.id):
            seen = self._reader.draft(self._project, task, self._tasks.get(task), raw)
            drafts += [seen] if seen else []
        self._differences.take_drafts(self._project.id, drafts)


def _between(first: int, value: int, other: int) -> bool:
    return min(first, other) <= value <= max(first, other)
