"""How far a pull has come, so that the next one asks only for what was changed since.

``pull.json`` is derived: without it everything is read again, and the ledger gains not a line by that.
"""

import datetime
from pathlib import Path

import msgspec
from msgspec import Struct

from toolkit.files import read_bytes, write_json
from toolkit.studio.http.schemas import Newest

# An answer bears the time at which its saving began; it is seen when that has ended, and a busy server takes seconds.
MARGIN = datetime.timedelta(seconds=60)


class ProjectCursor(Struct, frozen=True, kw_only=True):
    """What is known of a project after a pull that was proven complete."""

    since: str | None  # by the server's clock: what was changed until then has been read; None: nothing was there
    clock: str | None  # what the server's clock said
    tasks: dict[int, str | None]  # task -> the item that it names; None: it names none
    strange: dict[int, int] = {}  # task of no item of the campaign -> annotations on it
    withdrawn: dict[int, int] = {}  # task -> annotations on it of people who withdrew


class Cursor(Struct, frozen=True, kw_only=True):
    """``pull.json``."""

    server: str
    codebook: str  # by which answers were judged
    ledger: int  # bytes that the ledger had; with fewer it has been changed since
    projects: dict[int, ProjectCursor] = {}


def read_cursor(path: Path, server: str, ledger: int) -> Cursor | None:
    """The cursor in a file, or None where there is none that fits the server and the ledger as they are."""
    cursor = known_cursor(path)
    return cursor if cursor and cursor.server == server and cursor.ledger <= ledger else None


def known_cursor(path: Path) -> Cursor | None:
    """The cursor in a file, or None where there is none that can be read."""
    if not path.exists():
        return None
    try:
        return msgspec.json.decode(read_bytes(path), type=Cursor)
    except msgspec.DecodeError:
        return None


def write_cursor(path: Path, cursor: Cursor) -> None:
    """Remember how far a pull has come."""
    write_json(path, cursor)


def since_of(newest: Newest) -> str | None:
    """From when on a later pull has to ask, by the times that the server itself has written.

    >>> since_of(Newest(changed="2026-03-01T12:00:00.5Z", clock="2026-03-01T12:00:01Z"))
    '2026-03-01T11:59:00.500000Z'
    >>> since_of(Newest(changed="2026-03-01T12:00:00.5Z", clock="2026-03-01T18:00:00Z"))
    '2026-03-01T12:00:00.500000Z'
    """
    if newest.changed is None:
        return None
    changed = moment(newest.changed)
    clock = moment(newest.clock) if newest.clock else changed
    # After a quiet minute nothing of before can still be on its way, and what came last need not be read again.
    return _written(changed if clock - changed > MARGIN else min(changed, clock) - MARGIN)


def ran_backwards(before: ProjectCursor, newest: Newest) -> bool:
    """Whether the server's clock shows less than it did: then times tell nothing about what is new."""
    if before.clock is None or newest.clock is None:
        return False
    return moment(newest.clock) < moment(before.clock) - datetime.timedelta(seconds=2)


def utc(time: str) -> str:
    """A time of the server as ISO 8601 in UTC.

    >>> utc("2026-03-01T12:00:00+02:00")
    '2026-03-01T10:00:00.000000Z'
    """
    return _written(moment(time))


def moment(time: str) -> datetime.datetime:
    """A time of the server, in UTC."""
    return datetime.datetime.fromisoformat(time).astimezone(datetime.UTC)


def _written(when: datetime.datetime) -> str:
    return when.isoformat(timespec="microseconds").replace("+00:00", "Z")
