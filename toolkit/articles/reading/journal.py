"""Incremental output with checkpoints; an interrupted run continues from the last checkpoint."""

import contextlib
import os
import shutil
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import msgspec
from filelock import FileLock, Timeout
from msgspec import Struct

from toolkit.errors import DataError, ToolkitError
from toolkit.records import Article, Dropped

_INTERVAL = 1.0  # seconds between checkpoints: the most work that an interruption loses
_TABLES = """
CREATE TABLE IF NOT EXISTS seen (id TEXT PRIMARY KEY, version TEXT) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS finished (path TEXT PRIMARY KEY, stamp TEXT) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS state (name TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID;
"""


class IngestCounts(Struct, kw_only=True):
    """Counts of the articles read so far."""

    articles: int = 0
    dropped: dict[str, int] = {}  # reason -> number of articles
    repairs: dict[str, int] = {}
    languages: dict[str, int] = {}
    origins: dict[str, int] = {}
    first_dropped: Dropped | None = None
    resumed: bool = False


class _Position(Struct, frozen=True, kw_only=True):
    """A checkpoint."""

    counts: IngestCounts
    sizes: tuple[int, int]  # valid bytes of articles.jsonl and dropped.jsonl
    path: str = ""  # the current input
    stamp: str = ""
    done: int = 0  # processed articles of the current input


class Journal:
    """The two output files, the ids in them, and the position in the inputs."""

    def __init__(self, directory: Path) -> None:
        self._parts = (directory / "articles.jsonl", directory / "dropped.jsonl")
        self._database = sqlite3.connect(directory / "journal.sqlite", isolation_level=None)
        self._database.executescript("PRAGMA cache_size = -8000;" + _TABLES)
        state = self._state("position")
        self._position = (
            msgspec.json.decode(state, type=_Position) if state else _Position(counts=IngestCounts(), sizes=(0, 0))
        )
        self.counts = self._position.counts
        self.counts.resumed = bool(state)
        self.is_resumable = bool(state)  # after an error, a resumable journal stays for the next run
        self._handles = [_cut(path, size) for path, size in zip(self._parts, self._position.sizes, strict=True)]
        self._encode = msgspec.json.Encoder().encode
        self._database.execute("BEGIN")
        self._saved = time.monotonic()

    def version_of(self, ident: str) -> str | None:
        """Return the version of an article that is already written, or None."""
        row = self._database.execute("SELECT version FROM seen WHERE id = ?", (ident,)).fetchone()
        return row[0] if row else None

    def keep(self, article: Article) -> None:
        """Write an article."""
        self._handles[0].write(self._encode(article) + b"\n")
        self._database.execute("INSERT INTO seen VALUES (?, ?)", (article.id, article.version))
        self.counts.articles += 1
        _count(self.counts.languages, article.language or "unknown")
        _count(self.counts.origins, article.origin or "unknown")
        for repair in article.meta.get("repairs") or ():
            _count(self.counts.repairs, str(repair))

    def drop(self, row: Dropped) -> None:
        """Write the record of a dropped article."""
        self._handles[1].write(self._encode(row) + b"\n")
        _count(self.counts.dropped, row.reason)
        self.counts.first_dropped = self.counts.first_dropped or row

    def done_of(self, path: Path) -> int | None:
        """Return the number of processed articles of an input; None if the input is finished.

        Raises:
            DataError: the input has changed since the checkpoint.
        """
        row = self._database.execute("SELECT stamp FROM finished WHERE path = ?", (str(path),)).fetchone()
        begun = self._position if self._position.path == str(path) else None
        stamp = row[0] if row else begun.stamp if begun else None
        if stamp is not None and stamp != _stamp(path):
            raise DataError(f"{path}: the file has changed since the run was interrupted; start over with --restart")
        return None if row else begun.done if begun else 0

    def reached(self, path: Path, done: int) -> None:
        """Record the number of processed articles of an input; save a checkpoint once a second."""
        if time.monotonic() - self._saved >= _INTERVAL:
            self._save(
                _Position(counts=self.counts, sizes=self._sizes(), path=str(path), stamp=_stamp(path), done=done)
            )

    def finish(self, path: Path) -> None:
        """Mark an input as finished."""
        self._database.execute("INSERT OR REPLACE INTO finished VALUES (?, ?)", (str(path), _stamp(path)))
        if time.monotonic() - self._saved >= _INTERVAL:
            self._save(_Position(counts=self.counts, sizes=self._sizes()))

    def complete(self) -> None:
        """Save everything and mark the run as complete."""
        self._database.execute("INSERT OR REPLACE INTO state VALUES ('complete', 'yes')")
        self._save(_Position(counts=self.counts, sizes=self._sizes()))

    def close(self) -> None:
        """Close the files; a later run discards data after the last checkpoint."""
        for handle in self._handles:
            handle.close()
        self._database.close()

    def _state(self, name: str) -> str | None:
        row = self._database.execute("SELECT value FROM state WHERE name = ?", (name,)).fetchone()
        return row[0] if row else None

    def _sizes(self) -> tuple[int, int]:
        return self._handles[0].tell(), self._handles[1].tell()

    def _save(self, position: _Position) -> None:
        for handle in self._handles:
            handle.flush()
            os.fsync(handle.fileno())
        value = msgspec.json.encode(position).decode()
        self._database.execute("INSERT OR REPLACE INTO state VALUES ('position', ?)", (value,))
        self._database.execute("COMMIT")
        self._database.execute("BEGIN")
        self._saved = time.monotonic()
        self.is_resumable = self.counts.articles > 0


def dropped_path(output: Path) -> Path:
    """Return the path of the list of dropped articles."""
    return output.with_name(output.name.removesuffix(".jsonl") + ".dropped.jsonl")


def journal_path(output: Path) -> Path:
    """Return the directory of an unfinished output."""
    return output.with_name(f".{output.name}.part")


@contextlib.contextmanager
def open_journal(output: Path, request: str) -> Iterator[Journal]:
    """Open the journal of an output; success replaces the earlier output, an interruption keeps the journal.

    Args:
        output: the file of articles.
        request: the inputs and options; only an equal request continues an unfinished output.

    Raises:
        DataError: the unfinished output has another request, or another process writes it.
    """
    directory = journal_path(output)
    directory.mkdir(parents=True, exist_ok=True)
    with _lock(directory, output):
        _check_request(directory / "request.json", request, output)
        _undo_move(directory, output)
        journal = _opened(directory, output)
        try:
            yield journal
            journal.complete()
        except ToolkitError:
            if not journal.is_resumable:
                delete_journal(output)
            raise
        finally:
            journal.close()
        _move(directory, output)


@contextlib.contextmanager
def _lock(directory: Path, output: Path) -> Iterator[None]:
    lock = FileLock(directory / "lock")
    try:
        lock.acquire(timeout=0)
    except Timeout as error:
        raise DataError(f"{output}: another `stance ingest` is writing it; wait until it ends") from error
    try:
        yield
    finally:
        lock.release()


def delete_journal(output: Path) -> None:
    """Delete an unfinished output."""
    shutil.rmtree(journal_path(output), ignore_errors=True)


def _opened(directory: Path, output: Path) -> Journal:
    try:
        return Journal(directory)
    except (sqlite3.DatabaseError, msgspec.DecodeError) as error:
        raise DataError(f"{directory}: cannot be continued ({error}); start {output} over with --restart") from error


def _check_request(path: Path, request: str, output: Path) -> None:
    if not path.exists():
        path.write_text(request, encoding="utf-8")
    elif path.read_text(encoding="utf-8") != request:
        raise DataError(
            f"{output}: {path.parent} holds an interrupted run with other inputs or options; "
            "repeat that command to continue it, or start over with --restart"
        )


def _move(directory: Path, output: Path) -> None:
    """Move both files to their destinations; the next run undoes an interrupted move."""
    (directory / "moving").touch()
    for part, place in _places(directory, output):
        part.replace(place)
    done = _done_path(directory)
    directory.rename(done)
    shutil.rmtree(done)


def _undo_move(directory: Path, output: Path) -> None:
    shutil.rmtree(_done_path(directory), ignore_errors=True)
    if (directory / "moving").exists():
        for part, place in _places(directory, output):
            if not part.exists():
                place.replace(part)
        (directory / "moving").unlink()


def _places(directory: Path, output: Path) -> tuple[tuple[Path, Path], ...]:
    return (directory / "dropped.jsonl", dropped_path(output)), (directory / "articles.jsonl", output)


def _done_path(directory: Path) -> Path:
    return directory.with_name(directory.name + ".done")


def _cut(path: Path, size: int) -> IO[bytes]:
    """Open a file for appending, truncated to its size at the checkpoint."""
    handle = path.open("ab")
    if handle.tell() < size:
        raise DataError(f"{path}: shorter than its journal says; start over with --restart")
    handle.truncate(size)
    handle.seek(size)
    return handle


def _stamp(path: Path) -> str:
    """Return size and modification time, which differ after an edit."""
    if path.is_dir():
        return ";".join(
            f"{p.name} {p.stat().st_size} {p.stat().st_mtime_ns}" for p in sorted(path.rglob("*")) if p.is_file()
        )
    return f"{path.stat().st_size} {path.stat().st_mtime_ns}"


def _count(counts: dict[str, int], name: str) -> None:
    counts[name] = counts.get(name, 0) + 1
