"""Tasks of a local server that somebody has opened and not answered: hidden from others until the lock ends.

The server tells nobody of them, so its database is asked; on a server of one's own that is for whoever runs it.
"""

import contextlib
import datetime
import sqlite3
from collections.abc import Iterable, Iterator
from pathlib import Path

from msgspec import Struct

from toolkit.errors import StudioError
from toolkit.studio.server.postgres import database_of, rows_of
from toolkit.studio.server.program import LOCK_SECONDS, SQLITE

_AT_WORK = 600.0  # seconds for which nobody is said to have left a task
_HELD = """
select tasks_tasklock.task_id, htx_user.email, tasks_tasklock.expire_at from tasks_tasklock
join task on task.id = tasks_tasklock.task_id join htx_user on htx_user.id = tasks_tasklock.user_id
where task.project_id in ({}) order by tasks_tasklock.expire_at, tasks_tasklock.task_id
"""


class HeldTask(Struct, frozen=True, kw_only=True):
    """A task that somebody has opened and not answered."""

    task: int
    email: str  # of whoever opened it
    since: str  # ISO 8601, UTC
    until: str


def held_tasks(directory: Path, projects: Iterable[int], now: str) -> list[HeldTask] | None:
    """The tasks of some projects that somebody has opened a while ago and left, the oldest lock first.

    Args:
        directory: of the local server.
        projects: whose tasks.
        now: this moment, ISO 8601 in UTC.

    Returns:
        None where the database cannot be read from here.
    """
    statement = _HELD.format(", ".join(map(str, map(int, projects))) or "0")
    try:
        rows = list(_rows(directory, statement))
    except (sqlite3.Error, StudioError):
        return None
    held = [_held(*row) for row in rows]
    left = _moved(now, -_AT_WORK)
    return [each for each in held if each.until > now and each.since < left]


def _rows(directory: Path, statement: str) -> Iterator[tuple[str, ...]]:
    database = database_of(directory)
    if database is not None:
        yield from rows_of(database, statement)
        return
    path = (directory / "data" / SQLITE).resolve()
    with contextlib.closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as connection:
        yield from connection.execute(statement)


def _held(task: str, email: str, until: str) -> HeldTask:
    return HeldTask(task=int(task), email=email, since=_moved(until, -LOCK_SECONDS), until=_moved(until, 0))


def _moved(time: str, seconds: float) -> str:
    """A time so many seconds later, as ISO 8601 in UTC, which it is where it names no zone."""
    moment = datetime.datetime.fromisoformat(time)
    moment = moment if moment.tzinfo else moment.replace(tzinfo=datetime.UTC)
    moved = moment.astimezone(datetime.UTC) + datetime.timedelta(seconds=seconds)
    return moved.isoformat(timespec="microseconds").replace("+00:00", "Z")
