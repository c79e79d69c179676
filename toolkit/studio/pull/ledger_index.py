"""What the ledger says of each annotation on a server, small enough to be kept of all of them at once.

An answer may hold a long comment; what is needed to tell whether the server says anything new is a hash of it. Where
more is needed, the line is read again from the place where it begins.
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
    """``annotations.jsonl``, read and written line by line: it is never in memory as a whole."""

    def __init__(self, path: Path, batch: int = 200, before_append: Callable[[], None] = lambda: None) -> None:
        """A ledger whose torn last line, if it has one, is cut off.

        Args:
            path: of the file; it need not be there.
            batch: how many lines are brought to the disk at once.
            before_append: what must be on the disk before the lines are.
        """
        mend_jsonl(path)
        self._path = path
        self._batch = batch
        self._before_append = before_append
        self._decode = msgspec.json.Decoder(Annotation).decode

    @property
    def size(self) -> int:
        """How many bytes it has."""
        return self._path.stat().st_size if self._path.exists() else 0

    def lines(self) -> Iterator[tuple[int, Annotation]]:
        """All lines in their order, each with its place.

        Raises:
            DataError: a line is no annotation; the message has file and line.
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
        """All lines without their answers, which may be long."""
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
        """The line that begins there."""
        with self._path.open("rb") as handle:
            handle.seek(place)
            return self._decode(handle.readline())

    def append(self, annotations: Sequence[Annotation]) -> list[int]:
        """Append lines, and return their places once they are on the disk."""
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
DraftKey = tuple[int, str, str]  # project, item, annotator: the server numbers drafts, but not to last


class LedgerEntry(Struct, frozen=True, kw_only=True, gc=False):
    """The latest line on an annotation, with a hash in place of its answers."""

    place: int  # where the line begins in the ledger
    server: str  # the server, or the file that was imported
    project: int
    task: int
    number: int | None  # of the annotation; None: a draft
    item_id: str
    annotator: str
    state: State
    created: str
    layer: str  # what asked for it
    codebook: str
    answers: bytes  # a hash
    flags: tuple[str, ...]  # codes

    @property
    def key(self) -> EntryKey:
        """What tells the annotation from all others."""
        return self.server, self.project, self.number

    @property
    def candidate(self) -> Candidate:
        """The annotation as a candidate for one of the votes on its item."""
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
        """The flag that it has because of the other annotations of its item."""
        return next((code for code in self.flags if code in SURPLUS), None)

    @property
    def content(self) -> tuple[object, ...]:
        """What makes two states of an annotation differ.

        The time of the last change is not among it: the server touches it for reasons that are no edit.
        """
        return self.annotator, self.state, self.answers, self.flags

    @property
    def given(self) -> tuple[object, ...]:
        """What its annotator has done, whatever is thought of it."""
        return self.annotator, self.state, self.answers


def entry_of(line: Annotation, place: int) -> LedgerEntry:
    """The entry for a line of the ledger that has an origin."""
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
    """A hash of answers."""
    return hashlib.blake2b(msgspec.json.encode(answers, order="sorted"), digest_size=8).digest()


class LedgerIndex:
    """The latest line on each annotation and each draft of one server, and on the imported annotations of its items."""

    def __init__(self, lines: Iterable[tuple[int, Annotation]], server: str) -> None:
        """The index of a ledger; of two lines on an annotation the later stands.

        Args:
            lines: all lines with their places.
            server: the one that is pulled from.
        """
        self._server = server
        self._numbered: dict[int, LedgerEntry] = {}
        self._drafts: dict[DraftKey, LedgerEntry] = {}
        self._of_item: defaultdict[str, tuple[int, ...]] = defaultdict(tuple)
        self._imported: defaultdict[str, dict[EntryKey, LedgerEntry]] = defaultdict(dict)  # by item
        self._alive: Counter[int] = Counter()
        self.observed = ""  # when the last line was seen, by the clock of whoever pulled it
        for place, line in lines:
            self.observed = max(self.observed, line.observed)
            if line.origin is not None:
                self.add(entry_of(line, place))

    def add(self, entry: LedgerEntry) -> None:
        """Replace what was known of an annotation."""
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
        """The annotation of that number."""
        return self._numbered.get(number)

    def draft(self, key: DraftKey) -> LedgerEntry | None:
        """The draft of an annotator for an item in a project."""
        return self._drafts.get(key)

    def of_item(self, item_id: str) -> list[LedgerEntry]:
        """The annotations of an item, in all projects, the deleted ones too."""
        entries = (self._numbered[number] for number in self._of_item.get(item_id, ()))
        return [entry for entry in entries if entry.item_id == item_id]

    def imported(self, item_id: str) -> list[LedgerEntry]:
        """The annotations of an item that came from files."""
        return list(self._imported[item_id].values()) if item_id in self._imported else []

    def count_alive(self, project: int) -> int:
        """How many annotations of a project are not known to be deleted."""
        return self._alive[project]

    def alive(self, project: int) -> Iterator[LedgerEntry]:
        """The annotations of a project that are not known to be deleted."""
        return (entry for entry in self._numbered.values() if entry.project == project and entry.state != "deleted")

    def drafts(self, project: int) -> list[LedgerEntry]:
        """The drafts of a project that are not known to be gone."""
        return [entry for entry in self._drafts.values() if entry.project == project and entry.state == "draft"]


# --- the cursor -------------------------------------------------------------------------------------------------------


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
    return format_utc(changed if clock - changed > MARGIN else min(changed, clock) - MARGIN)


def ran_backwards(before: ProjectCursor, newest: Newest) -> bool:
    """Whether the server's clock shows less than it did: then times tell nothing about what is new."""
    if before.clock is None or newest.clock is None:
        return False
    return moment(newest.clock) < moment(before.clock) - datetime.timedelta(seconds=2)
