"""Annotations from Label Studio into the ledger: what was changed since the last pull, proven to be all.

The server is asked for the tasks that were changed since, by its own clock, and then for what its database counts. Only
where the two agree is a pull complete; where they do not, everything is read again. Lines reach the ledger while
pages are read, so a pull can be stopped anywhere: the next one goes on, and writes no line twice.
"""

from collections.abc import Callable

from msgspec import Struct

from toolkit.studio.http.client import Studio
from toolkit.studio.pull.completeness import ProjectPull
from toolkit.studio.pull.cursors import Cursor
from toolkit.studio.pull.differences import Differences
from toolkit.studio.pull.ledger_file import LedgerFile
from toolkit.studio.pull.ledger_index import LedgerIndex
from toolkit.studio.pull.reading import People, Pseudonyms, PullRequest, Reader


class Pulled(Struct, frozen=True, kw_only=True):
    """What a pull found."""

    new: int  # lines of the ledger
    unchanged: int  # annotations and drafts that were read and that the ledger had
    tasks: int  # that were read
    unknown_tasks: int  # tasks that show no item of the campaign; what was answered there is not ours
    withdrawn: int  # annotations there of people who withdrew; they are left out
    in_full: dict[int, str]  # project that was read as a whole -> why; "" where there was nothing to go on from
    unproven: dict[int, str]  # project -> what does not fit
    cursor: Cursor  # from where the next pull goes on


def pull_annotations(
    studio: Studio,
    request: PullRequest,
    ledger: LedgerFile,
    cursor: Cursor | None,
    pseudonym_of: Pseudonyms,
    progress: Callable[[int, int], None],
) -> Pulled:
    """Append to the ledger what the server has and the ledger has not.

    Args:
        studio: the server.
        request: the projects and what is known of their items.
        ledger: what is known.
        cursor: from where to go on; None: everything is read.
        pseudonym_of: names an account by its number and e-mail address; called for those that answered.
        progress: told how many of how many tasks have been read.

    Raises:
        StudioError: a project or the server is gone; what was appended until then is right and stays.
    """
    index = LedgerIndex(ledger.lines(), request.server)
    differences = Differences(request, ledger, index, studio.whoami().id)
    reader = Reader(request, People(studio, pseudonym_of, request.server, request.tombstones))
    before = studio.counts(project.id for project in request.projects)
    total = _Total(sum(each.task_number for each in before.values()), progress)
    again = "the codebook was changed" if cursor and cursor.codebook != request.codebook.ref else ""
    pulls: dict[int, ProjectPull] = {}
    for project in request.projects:
        known = cursor.projects.get(project.id) if cursor else None
        pulls[project.id] = ProjectPull(studio, project, reader, index, differences, known, again)
        pulls[project.id].run(before.get(project.id), total.add)
    return Pulled(
        new=differences.new,
        unchanged=differences.unchanged,
        tasks=total.tasks,
        unknown_tasks=sum(each.unknown_tasks for each in pulls.values()),
        withdrawn=sum(each.withdrawn for each in pulls.values()),
        in_full={number: each.in_full for number, each in pulls.items() if each.in_full is not None},
        unproven={number: each.unproven for number, each in pulls.items() if each.unproven is not None},
        cursor=Cursor(
            server=request.server,
            codebook=request.codebook.ref,
            ledger=ledger.size,
            projects={number: each.cursor for number, each in pulls.items() if each.cursor is not None},
        ),
    )


class _Total:
    """How many tasks have been read."""

    def __init__(self, wanted: int, progress: Callable[[int, int], None]) -> None:
        self.tasks = 0
        self._wanted = wanted
        self._progress = progress

    def add(self, tasks: int) -> None:
        """Count a page."""
        self.tasks += tasks
        self._progress(self.tasks, max(self._wanted, self.tasks))
