"""Index of the latest ledger line of each annotation on a server, small enough to fit in memory.

An answer may hold a long comment, so the index stores only a hash, which is enough to detect a change. If more is
needed, the line is read again from its byte offset.
"""

import datetime
import hashlib
import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Literal

import msgspec
from msgspec import Struct

from toolkit.errors import DataError
from toolkit.files import append_jsonl, explain, mend_jsonl, read_bytes, write_json
from toolkit.labels.eligibility import SURPLUS, Candidate, own_codes
from toolkit.records import Annotation, Answers
from toolkit.studio.http.schemas import Newest
from toolkit.times import format_utc, moment


class LedgerFile:
    """``annotations.jsonl``, read and written line by line and never held in memory as a whole."""

    def __init__(self, path: Path, batch: int = 200, before_append: Callable[[], None] = lambda: None) -> None:
        """Open a ledger; an incomplete last line is cut off.

        Args:
            path: the file; it may be missing.
            batch: number of lines written to disk at once.
            before_append: called before lines are written, to write data that must precede them.
        """
        mend_jsonl(path)
        self._path = path
        self._batch = batch
        self._before_append = before_append
        self._decode = msgspec.json.Decoder(Annotation).decode

    @property
    def size(self) -> int:
        """Return the size in bytes."""
        return self._path.stat().st_size if self._path.exists() else 0

    def lines(self) -> Iterator[tuple[int, Annotation]]:
        """Yield all lines in order, each with its byte offset.

        Raises:
            DataError: a line is not an annotation; the message has file and line.
        """
        if not self._path.exists():
            return
        place = 0
        with self._path.open("rb") as handle:
            for number, line in enumerate(handle, 1):
                if line.strip():
                    yield place, self._decoded(line, number)
                place += len(line)

    def states(self) -> Iterator[Annotation]:
        """Yield all lines without their answers, which may be long."""
        for _, line in self.lines():
            yield msgspec.structs.replace(
                line,
                item_id=sys.intern(line.item_id),
                annotator=sys.intern(line.annotator),
                answers={},
                codebook=sys.intern(line.codebook),
            )

    def _decoded(self, line: bytes, number: int) -> Annotation:
        try:
            return self._decode(line)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise DataError(f"{self._path}:{number}: {explain(str(error), Annotation)}") from error

    def at(self, place: int) -> Annotation:
        """Return the line at a byte offset."""
        with self._path.open("rb") as handle:
            handle.seek(place)
            return self._decode(handle.readline())

    def append(self, annotations: Sequence[Annotation]) -> list[int]:
        """Append lines; return their byte offsets once they are on disk."""
        places: list[int] = []
        for start in range(0, len(annotations), self._batch):
            batch = annotations[start : start + self._batch]
            self._before_append()
            place = self.size
            append_jsonl(self._path, batch)
            for annotation in batch:
                places.append(place)
                place += len(msgspec.json.encode(annotation)) + 1
            if place != self.size:
                raise DataError(f"{self._path}: another program writes to it; stop that one and run the pull again")
        return places


# --- the index --------------------------------------------------------------------------------------------------------


State = Literal["submitted", "draft", "skipped", "deleted"]
EntryKey = tuple[str, int, int | None]  # server, project, number of the annotation
DraftKey = tuple[int, str, str]  # project, item, annotator: the server's draft numbers are not stable


class LedgerEntry(Struct, frozen=True, kw_only=True, gc=False):
    """The latest ledger line of an annotation, with a hash in place of its answers."""

    place: int  # byte offset of the line in the ledger
    server: str  # the server or the imported file
    project: int
    task: int
    number: int | None  # of the annotation; None: a draft
    item_id: str
    annotator: str
    state: State
    created: str
    layer: str  # the reason for the request
    codebook: str
    answers: bytes  # a hash
    flags: tuple[str, ...]  # codes

    @property
    def key(self) -> EntryKey:
        """Return the unique key of the annotation."""
        return self.server, self.project, self.number

    @property
    def candidate(self) -> Candidate:
        """Return the annotation as a candidate for a vote on its item."""
        return Candidate(
            key=self.key,
            number=self.number or 0,
            annotator=self.annotator,
            created=self.created,
            layer=self.layer,
            own_flags=own_codes(self.flags),
        )

    @property
    def surplus(self) -> str | None:
        """Return the flag caused by other annotations of the item."""
        return next((code for code in self.flags if code in SURPLUS), None)

    @property
    def content(self) -> tuple[object, ...]:
        """Return the fields that distinguish two states of an annotation.

        The time of the last change is excluded: the server updates it for reasons other than edits.
        """
        return self.annotator, self.state, self.answers, self.flags

    @property
    def given(self) -> tuple[object, ...]:
        """Return the annotator's own action, without flags and codebook."""
        return self.annotator, self.state, self.answers


def entry_of(line: Annotation, place: int) -> LedgerEntry:
    """Return the index entry of a ledger line with an origin."""
    if line.origin is None:
        raise ValueError("a line without an origin has no entry")
    return LedgerEntry(
        place=place,
        server=sys.intern(line.origin.server),
        project=line.origin.project,
        task=line.origin.task,
        number=line.origin.annotation,
        item_id=sys.intern(line.item_id),
        annotator=sys.intern(line.annotator),
        state=line.state,
        created=line.created,
        layer=line.assigned_by,
        codebook=sys.intern(line.codebook),
        answers=answers_hash(line.answers),
        flags=tuple(sys.intern(flag.code) for flag in line.flags),
    )


def answers_hash(answers: Answers) -> bytes:
    """Return a hash of answers."""
    return hashlib.blake2b(msgspec.json.encode(answers, order="sorted"), digest_size=8).digest()


class LedgerIndex:
    """The latest line on each annotation and each draft of one server, and on the imported annotations of its items."""

    def __init__(self, lines: Iterable[tuple[int, Annotation]], server: str) -> None:
        """Build the index of a ledger; the last line of an annotation holds.

        Args:
            lines: all lines with their byte offsets.
            server: the server of the pull.
        """
        self._server = server
        self._numbered: dict[int, LedgerEntry] = {}
        self._drafts: dict[DraftKey, LedgerEntry] = {}
        self._of_item: defaultdict[str, tuple[int, ...]] = defaultdict(tuple)
        self._imported: defaultdict[str, dict[EntryKey, LedgerEntry]] = defaultdict(dict)  # by item
        self._alive: Counter[int] = Counter()
        self.observed = ""  # time of the last line, by the clock of the pulling machine
        for place, line in lines:
            self.observed = max(self.observed, line.observed)
            if line.origin is not None:
                self.add(entry_of(line, place))

    def add(self, entry: LedgerEntry) -> None:
        """Replace the entry of an annotation."""
        if entry.server != self._server:
            self._imported[entry.item_id][entry.key] = entry
            return
        if entry.number is None:
            self._drafts[entry.project, entry.item_id, entry.annotator] = entry
            return
        before = self._numbered.get(entry.number)
        if before is None or before.item_id != entry.item_id:
            self._of_item[entry.item_id] += (entry.number,)
        self._alive[entry.project] += (entry.state != "deleted") - (before is not None and before.state != "deleted")
        self._numbered[entry.number] = entry

    def get(self, number: int) -> LedgerEntry | None:
        """Return the annotation with a number."""
        return self._numbered.get(number)

    def draft(self, key: DraftKey) -> LedgerEntry | None:
        """Return the draft of an annotator for an item in a project."""
        return self._drafts.get(key)

    def of_item(self, item_id: str) -> list[LedgerEntry]:
        """Return the annotations of an item in all projects, deleted ones included."""
        entries = (self._numbered[number] for number in self._of_item.get(item_id, ()))
        return [entry for entry in entries if entry.item_id == item_id]

    def imported(self, item_id: str) -> list[LedgerEntry]:
        """Return the annotations of an item that were imported from files."""
        return list(self._imported[item_id].values()) if item_id in self._imported else []

    def count_alive(self, project: int) -> int:
        """Count the annotations of a project that are not deleted in the ledger."""
        return self._alive[project]

    def alive(self, project: int) -> Iterator[LedgerEntry]:
        """Yield the annotations of a project that are not deleted in the ledger."""
        return (entry for entry in self._numbered.values() if entry.project == project and entry.state != "deleted")

    def drafts(self, project: int) -> list[LedgerEntry]:
        """Return the drafts of a project that are not deleted in the ledger."""
        return [entry for entry in self._drafts.values() if entry.project == project and entry.state == "draft"]


# --- the cursor -------------------------------------------------------------------------------------------------------


# An answer's time is the start of its saving; it is visible at the end of saving, seconds later on a busy server.
MARGIN = datetime.timedelta(seconds=60)


class ProjectCursor(Struct, frozen=True, kw_only=True):
    """The state of a project after a complete pull."""

    since: str | None  # server time; all earlier changes were read; None: the project was empty
    clock: str | None  # the server's time
    tasks: dict[int, str | None]  # task -> item named in its data; None: no item
    strange: dict[int, int] = {}  # task of no item of the campaign -> annotations on it
    withdrawn: dict[int, int] = {}  # task -> annotations on it of people who withdrew


class Cursor(Struct, frozen=True, kw_only=True):
    """``pull.json``."""

    server: str
    codebook: str  # the codebook that the flags are based on
    ledger: int  # size of the ledger in bytes; a smaller ledger was changed since
    projects: dict[int, ProjectCursor] = {}


def read_cursor(path: Path, server: str, ledger: int) -> Cursor | None:
    """Read the cursor from a file; None if it is missing or does not fit the server and the ledger."""
    cursor = known_cursor(path)
    return cursor if cursor and cursor.server == server and cursor.ledger <= ledger else None


def known_cursor(path: Path) -> Cursor | None:
    """Read the cursor from a file; None if it is missing or unreadable."""
    if not path.exists():
        return None
    try:
        return msgspec.json.decode(read_bytes(path), type=Cursor)
    except msgspec.DecodeError:
        return None


def write_cursor(path: Path, cursor: Cursor) -> None:
    """Write the cursor to a file."""
    write_json(path, cursor)


def since_of(newest: Newest) -> str | None:
    """Return the start time for the next pull, by the server's own times.

    >>> since_of(Newest(changed="2026-03-01T12:00:00.5Z", clock="2026-03-01T12:00:01Z"))
    '2026-03-01T11:59:00.500000Z'
    >>> since_of(Newest(changed="2026-03-01T12:00:00.5Z", clock="2026-03-01T18:00:00Z"))
    '2026-03-01T12:00:00.500000Z'
    """
    if newest.changed is None:
        return None
    changed = moment(newest.changed)
    clock = moment(newest.clock) if newest.clock else changed
    # After a quiet minute no earlier change can be pending, so the last change need not be read again.
    return format_utc(changed if clock - changed > MARGIN else min(changed, clock) - MARGIN)


def ran_backwards(before: ProjectCursor, newest: Newest) -> bool:
    """Return whether the server's clock was set back: then times do not show which changes are new."""
    if before.clock is None or newest.clock is None:
        return False
    return moment(newest.clock) < moment(before.clock) - datetime.timedelta(seconds=2)
