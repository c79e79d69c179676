"""An output that grows while its inputs are read, and after an interruption goes on from the last checkpoint."""

import contextlib
import fcntl
import os
import shutil
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import msgspec
from msgspec import Struct

from toolkit.errors import DataError, ToolkitError
from toolkit.records import Article, Dropped

_EVERY = 1.0  # seconds between checkpoints: what an interruption can cost
_TABLES = """
CREATE TABLE IF NOT EXISTS seen (id TEXT PRIMARY KEY, version TEXT) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS finished (path TEXT PRIMARY KEY, stamp TEXT) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS state (name TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID;
"""


class Tally(Struct, kw_only=True):
    """What has been read so far, counted."""

    articles: int = 0
    dropped: dict[str, int] = {}  # reason -> how many
    repairs: dict[str, int] = {}
    languages: dict[str, int] = {}
    origins: dict[str, int] = {}
    first_dropped: Dropped | None = None
    resumed: bool = False


class _Position(Struct, frozen=True, kw_only=True):
    """Where the checkpoint stands."""

    tally: Tally
    sizes: tuple[int, int]  # bytes of the two files that count
    path: str = ""  # the input that is being read
    stamp: str = ""
    taken: int = 0  # how many of its articles are dealt with


class Journal:
    """Two growing files, the ids in them, and how far the inputs have been read."""

    def __init__(self, directory: Path) -> None:
        self._parts = (directory / "articles.jsonl", directory / "dropped.jsonl")
        self._database = sqlite3.connect(directory / "journal.sqlite", isolation_level=None)
        self._database.executescript("PRAGMA cache_size = -8000;" + _TABLES)
        kept = self._state("position")
        self._position = msgspec.json.decode(kept, type=_Position) if kept else _Position(tally=Tally(), sizes=(0, 0))
        self.tally = self._position.tally
        self.tally.resumed = bool(kept)
        self.worth_keeping = bool(kept)  # an error then leaves it for the next run
        self._handles = [_cut(path, size) for path, size in zip(self._parts, self._position.sizes, strict=True)]
        self._encode = msgspec.json.Encoder().encode
        self._database.execute("BEGIN")
        self._saved = time.monotonic()

    def version_of(self, ident: str) -> str | None:
        """The version of an article that is written already."""
        row = self._database.execute("SELECT version FROM seen WHERE id = ?", (ident,)).fetchone()
        return row[0] if row else None

    def keep(self, article: Article) -> None:
        """Write an article."""
        self._handles[0].write(self._encode(article) + b"\n")
        self._database.execute("INSERT INTO seen VALUES (?, ?)", (article.id, article.version))
        self.tally.articles += 1
        _count(self.tally.languages, article.language or "unknown")
        _count(self.tally.origins, article.origin or "unknown")
        for repair in article.meta.get("repairs") or ():
            _count(self.tally.repairs, str(repair))

    def drop(self, row: Dropped) -> None:
        """Write what is left out."""
        self._handles[1].write(self._encode(row) + b"\n")
        _count(self.tally.dropped, row.reason)
        self.tally.first_dropped = self.tally.first_dropped or row

    def taken_of(self, path: Path) -> int | None:
        """How many articles of an input are dealt with; None where all are.

        Raises:
            DataError: the input has changed since.
        """
        row = self._database.execute("SELECT stamp FROM finished WHERE path = ?", (str(path),)).fetchone()
        begun = self._position if self._position.path == str(path) else None
        stamp = row[0] if row else begun.stamp if begun else None
        if stamp is not None and stamp != _stamp(path):
            raise DataError(f"{path}: has changed since the interrupted reading; begin anew with --restart")
        return None if row else begun.taken if begun else 0

    def reached(self, path: Path, taken: int) -> None:
        """Say how far an input has been read; from time to time that is made safe."""
        if time.monotonic() - self._saved >= _EVERY:
            self._save(
                _Position(tally=self.tally, sizes=self._sizes(), path=str(path), stamp=_stamp(path), taken=taken)
            )

    def finish(self, path: Path) -> None:
        """Say that an input has been read."""
        self._database.execute("INSERT OR REPLACE INTO finished VALUES (?, ?)", (str(path), _stamp(path)))
        if time.monotonic() - self._saved >= _EVERY:
            self._save(_Position(tally=self.tally, sizes=self._sizes()))

    def complete(self) -> None:
        """Make everything safe, and say that nothing more will come."""
        self._database.execute("INSERT OR REPLACE INTO state VALUES ('complete', 'yes')")
        self._save(_Position(tally=self.tally, sizes=self._sizes()))

    def close(self) -> None:
        """Let go of the files; what came after the last checkpoint is forgotten."""
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
        self.worth_keeping = self.tally.articles > 0


def dropped_beside(output: Path) -> Path:
    """Where what is left out is listed."""
    return output.with_name(output.name.removesuffix(".jsonl") + ".dropped.jsonl")


def journal_beside(output: Path) -> Path:
    """Where an unfinished output lies."""
    return output.with_name(f".{output.name}.part")


@contextlib.contextmanager
def resumed(output: Path, request: str) -> Iterator[Journal]:
    """An output in the making; on success it replaces what was there, on an interruption it waits for the next run.

    Args:
        output: the file of articles.
        request: what is read and how; an output in the making is gone on with only for the same.

    Raises:
        DataError: an output in the making was asked for otherwise, or is being written right now.
    """
    directory = journal_beside(output)
    directory.mkdir(parents=True, exist_ok=True)
    with (directory / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise DataError(f"{output}: another `stance ingest` is writing it; wait for that one") from error
        _check_request(directory / "request.json", request, output)
        _undo_move(directory, output)
        journal = _opened(directory, output)
        try:
            yield journal
            journal.complete()
        except ToolkitError:
            if not journal.worth_keeping:
                discard(output)
            raise
        finally:
            journal.close()
        _move(directory, output)


def discard(output: Path) -> None:
    """Forget an output in the making."""
    shutil.rmtree(journal_beside(output), ignore_errors=True)


def _opened(directory: Path, output: Path) -> Journal:
    try:
        return Journal(directory)
    except (sqlite3.DatabaseError, msgspec.DecodeError) as error:
        raise DataError(f"{directory}: cannot be gone on with ({error}); begin {output} anew with --restart") from error


def _check_request(path: Path, request: str, output: Path) -> None:
    if not path.exists():
        path.write_text(request, encoding="utf-8")
    elif path.read_text(encoding="utf-8") != request:
        raise DataError(
            f"{output}: an interrupted reading waits in {path.parent}, of other inputs or with other options; "
            "give the same to go on, or --restart to begin anew"
        )


def _move(directory: Path, output: Path) -> None:
    """Put both files where they belong; a move that is cut short is undone by the next run."""
    (directory / "moving").touch()
    for part, place in _places(directory, output):
        part.replace(place)
    done = _done_beside(directory)
    directory.rename(done)
    shutil.rmtree(done)


def _undo_move(directory: Path, output: Path) -> None:
    shutil.rmtree(_done_beside(directory), ignore_errors=True)
    if (directory / "moving").exists():
        for part, place in _places(directory, output):
            if not part.exists():
                place.replace(part)
        (directory / "moving").unlink()


def _places(directory: Path, output: Path) -> tuple[tuple[Path, Path], ...]:
    return (directory / "dropped.jsonl", dropped_beside(output)), (directory / "articles.jsonl", output)


def _done_beside(directory: Path) -> Path:
    return directory.with_name(directory.name + ".done")


def _cut(path: Path, size: int) -> IO[bytes]:
    """A file for appending, cut to what the checkpoint knows of it."""
    handle = path.open("ab")
    if handle.tell() < size:
        raise DataError(f"{path}: shorter than its journal says; begin anew with --restart")
    handle.truncate(size)
    handle.seek(size)
    return handle


def _stamp(path: Path) -> str:
    """What changes when a file does."""
    if path.is_dir():
        return ";".join(
            f"{p.name} {p.stat().st_size} {p.stat().st_mtime_ns}" for p in sorted(path.rglob("*")) if p.is_file()
        )
    return f"{path.stat().st_size} {path.stat().st_mtime_ns}"


def _count(counts: dict[str, int], name: str) -> None:
    counts[name] = counts.get(name, 0) + 1
