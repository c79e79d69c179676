"""Reconciliation of duplicate tasks: tasks with the same item become one, and no vote is lost or doubled.

Duplicates come from overlapping pushes: two at once, or one that timed out while the server continued its batch. The
oldest task of a project is always kept, whether or not it has answers, so two concurrent reconciliations keep the same
task.
"""

import datetime
from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence

from msgspec import Struct

from toolkit.errors import UnansweredError
from toolkit.studio.http.client import Studio
from toolkit.studio.http.retrying import attempts
from toolkit.studio.http.schemas import StoredTask
from toolkit.studio.push.project_specs import ProjectSpec
from toolkit.times import moment

DRAFT_REST = datetime.timedelta(hours=1)  # after so long without a change, a draft is on no annotator's screen


class Reconciled(Struct, frozen=True, kw_only=True):
    """The result of a reconciliation."""

    removed: frozenset[int]  # deleted untouched tasks
    merged: frozenset[int]  # tasks whose annotations were moved to the kept task
    moved: int  # number of moved annotations


def reconcile(studio: Studio, stored: Iterable[StoredTask], specs: Mapping[int, ProjectSpec]) -> Reconciled:
    """Merge tasks that show the same item at the same spec.

    Args:
        studio: the server.
        stored: all tasks of the campaign.
        specs: the spec of each project.
    """
    removed: set[int] = set()
    merged: set[int] = set()
    moved = 0
    for twins in _twins(stored, specs):
        left = []
        for tasks in _by_project(twins):
            keep, *others = tasks
            for task in others:
                count = _move(studio, task, keep) if task.annotations else 0
                moved += count
                if studio.delete_untouched(task.project, task.id):
                    (merged if task.annotations else removed).add(task.id)
            left.append(tasks)
        removed |= _remove_copies(studio, left)
    return Reconciled(removed=frozenset(removed), merged=frozenset(merged), moved=moved)


def place(spec: ProjectSpec) -> Hashable:
    """Return the scope in which an item is unique: one spec, or all shared queues together."""
    return spec.kind if spec.kind == "queue" else spec


def _twins(stored: Iterable[StoredTask], specs: Mapping[int, ProjectSpec]) -> list[list[StoredTask]]:
    groups: dict[Hashable, list[StoredTask]] = defaultdict(list)
    for task in stored:
        if task.item_id is not None:
            groups[place(specs[task.project]), task.item_id].append(task)
    return [tasks for tasks in groups.values() if len(tasks) > 1]


def _by_project(twins: Iterable[StoredTask]) -> list[list[StoredTask]]:
    by_project: dict[int, list[StoredTask]] = defaultdict(list)
    for task in sorted(twins, key=lambda task: task.id):
        by_project[task.project].append(task)
    return [by_project[project] for project in sorted(by_project)]


def _move(studio: Studio, task: StoredTask, keep: StoredTask) -> int:
    count = studio.move_answers(task.id, keep.id)
    rested = moment(studio.time()) - DRAFT_REST
    for draft in studio.drafts_on(task.id):
        if moment(draft.updated_at) < rested:
            studio.move_draft(draft.id, keep.id)
    return count


def _remove_copies(studio: Studio, projects: Sequence[Sequence[StoredTask]]) -> set[int]:
    """Delete untouched tasks of items that another project also has.

    Annotations are never moved between projects: the ledger identifies them by project and number.
    """
    if len(projects) < 2:
        return set()
    touched = [tasks for tasks in projects if any(task.annotations for task in tasks)]
    spare = [tasks[0] for tasks in projects if tasks not in touched]
    gone = (task for task in (spare if touched else spare[1:]) if studio.delete_untouched(task.project, task.id))
    return {task.id for task in gone}


# --- imports in batches -----------------------------------------------------------------------------------------------


Rows = Sequence[dict[str, str]]  # task data, with item ids

_ASKED = 100  # item ids per request: they are part of the URL


def import_batches(studio: Studio, project: int, rows: Rows, size: int) -> Iterator[int]:
    """Import tasks in order; yield the number on the server after each batch."""
    for start in range(0, len(rows), size):
        batch = rows[start : start + size]
        _import(studio, project, batch)
        yield start + len(batch)


def _import(studio: Studio, project: int, batch: Rows) -> None:
    """Import a batch, all or none; without a reply, check the server before sending it again.

    The server may still process a request that timed out, and so import a batch twice; the reconciliation after all
    batches finds such duplicates.
    """
    lost: UnansweredError | None = None
    for more in attempts():
        missing = batch if lost is None else _missing(studio, project, batch)
        if not missing:
            return
        try:
            studio.import_tasks(project, list(missing))
        except UnansweredError as error:
            if not more:
                raise
            lost = error
        else:
            return


def _missing(studio: Studio, project: int, batch: Rows) -> Rows:
    there: set[str] = set()
    for start in range(0, len(batch), _ASKED):
        there |= studio.items_there(project, [row["item_id"] for row in batch[start : start + _ASKED]])
    return [row for row in batch if row["item_id"] not in there]
