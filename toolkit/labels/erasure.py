"""What is left of a campaign's files when a person withdraws: everything but what the person gave.

An erasure happens whole or not at all: every new file is written next to the old one, then a plan says so, and then
they are put in place. Whoever finds a plan finishes it.
"""

import json
import os
import re
import zipfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from toolkit.errors import DataError
from toolkit.files import append_jsonl, file_errors, read_bytes, read_json, write_bytes, write_json
from toolkit.people import (
    ERASURE_RECORDS,
    WITHDRAWN,
    ErasureRecord,
    erasure_records_in,
    erasure_records_of_table,
    hash_ids,
    ids_in_key_file,
    key_file_without,
    mention_of,
    name_id,
)
from toolkit.runs import Result
from toolkit.tables import read_table, without_column, without_rows
from toolkit.times import now

PERSON_FIELDS = {  # of the files whose lines belong to a person
    "annotations.jsonl": "annotator",
    "adjudications.jsonl": "adjudicator",
    "adjudication_requests.jsonl": "adjudicator",
    "annotators.jsonl": "pseudonym",
    "assignments.jsonl": "annotator",
    "sheets.jsonl": "annotator",
}
STALE_FILES = ("agreement.json", "gold.jsonl", "guideline_gaps.csv", "dataset", "baseline", "report.html", "releases")
PACKED = (".zip", ".tar", ".gz", ".tgz", ".xz", ".bz2", ".zst")

_PLAN = "forget.json"
_READABLE = 1 << 28  # bytes of a file that is searched for the name


class Erased(Struct, frozen=True, kw_only=True):
    """The content of a file without a person."""

    data: bytes
    removed: int  # lines, entries or mentions
    redacted: int = 0  # flags on what others gave that named the person


# --- one file --------------------------------------------------------------------------------------------------------


def erased_file(path: Path, pseudonym: str) -> Erased | None:
    """A file of a campaign, or a key file, without a person; None where it holds nothing of people.

    Raises:
        DataError: the file cannot be read.
    """
    name = path.name
    if name.startswith("keys") and path.suffix == ".json":
        data, removed = key_file_without(path, pseudonym)
        return Erased(data=data, removed=removed)
    if name == "annotations.jsonl":
        return without_annotations(read_bytes(path), PERSON_FIELDS[name], pseudonym)
    if name in PERSON_FIELDS:
        return without_lines(read_bytes(path), PERSON_FIELDS[name], pseudonym)
    return without_mentions(read_bytes(path), pseudonym) if name == "runs.jsonl" else None


def without_lines(data: bytes, field: str, pseudonym: str) -> Erased:
    """JSON lines without those whose field names the person; a torn line that may be the person's goes too."""
    lines = [line for line in data.split(b"\n") if line.strip()]
    left = [line for line in lines if not _is_of(line, field, pseudonym)]
    return Erased(data=b"".join(line + b"\n" for line in left), removed=len(lines) - len(left))


def _is_of(line: bytes, field: str, pseudonym: str) -> bool:
    row = _object(line)
    return bool(row.get(field) == pseudonym) if row is not None else _mentions(line, pseudonym)


def _object(line: bytes) -> dict[str, Any] | None:
    """The object in a line; None where the line is torn or holds something else."""
    try:
        row = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return row if isinstance(row, dict) else None


def _mentions(data: bytes, pseudonym: str) -> bool:
    return pseudonym.encode() in data and mention_of(pseudonym).search(data.decode("utf-8", "replace")) is not None


def without_annotations(data: bytes, field: str, pseudonym: str) -> Erased:
    """A ledger without the person's lines; flags on the lines of others name nobody any more."""
    erased = without_lines(data, field, pseudonym)
    redacted, lines = 0, []
    for line in erased.data.split(b"\n")[:-1]:
        row = _object(line) if pseudonym.encode() in line else None
        flags = row.get("flags", []) if row else []
        if row and (plain := _redacted(flags, mention_of(pseudonym))) != flags:
            redacted += 1
            line = json.dumps({**row, "flags": plain}, ensure_ascii=False, separators=(",", ":")).encode()
        lines.append(line + b"\n")
    return Erased(data=b"".join(lines), removed=erased.removed, redacted=redacted)


def without_mentions(data: bytes, pseudonym: str) -> Erased:
    """JSON lines of a log in which every mention of the person is replaced, in torn lines too."""
    mention = mention_of(pseudonym)
    lines, removed = [], 0
    for line in filter(bytes.strip, data.split(b"\n")):
        text = line.decode("utf-8", "replace")
        count = len(mention.findall(text))
        if count:
            row = _object(line)
            text = (
                mention.sub(WITHDRAWN, text) if row is None else json.dumps(_redacted(row, mention), ensure_ascii=False)
            )
            removed += count
        lines.append(text.encode() if count else line)
    return Erased(data=b"".join(line + b"\n" for line in lines), removed=removed)


def _redacted(value: Any, mention: re.Pattern[str]) -> Any:  # noqa: ANN401 - whatever JSON can hold
    if isinstance(value, str):
        return mention.sub(WITHDRAWN, value)
    if isinstance(value, list):
        return [_redacted(entry, mention) for entry in value]
    if not isinstance(value, dict):
        return value
    redacted: dict[str, Any] = {}
    for key, entry in value.items():
        name, number = mention.sub(WITHDRAWN, key), 1
        while name in redacted:  # of two people who withdrew each keeps an entry
            number += 1
            name = f"{mention.sub(WITHDRAWN, key)} ({number})"
        redacted[name] = _redacted(entry, mention)
    return redacted


def people_in(data: bytes, fields: Sequence[str]) -> set[str]:
    """The people whom JSON lines name in these fields."""
    rows = [_object(line) or {} for line in data.split(b"\n") if line.strip()]
    return {str(row[field]) for row in rows for field in fields if row.get(field)}


def people_of(directory: Path) -> set[str]:
    """Everybody whom the files of a campaign name where they say who gave or was asked what."""
    files = [(directory / name, field) for name, field in PERSON_FIELDS.items()]
    return {name for path, field in files if path.exists() for name in people_in(read_bytes(path), [field])}


def other_campaigns(directory: Path, pseudonym: str) -> list[str]:
    """The other campaigns of a workspace whose ledgers name the person."""
    ledgers = [path for path in sorted(directory.parent.glob("*/annotations.jsonl")) if path.parent != directory]
    return [path.parent.name for path in ledgers if pseudonym in people_in(read_bytes(path), ["annotator"])]


def files_of(directory: Path, backups: Path) -> list[Path]:
    """The files of a campaign, and those of its workspace's backups, that may hold something of people."""
    copies = sorted(path for path in backups.rglob("*") if path.is_file()) if backups.is_dir() else []
    return [*sorted(directory.glob("*.json*")), *copies]


def written_files(directory: Path, root: Path) -> list[Path]:
    """All files of a campaign, and those outside its directory that its record of runs names as written."""
    runs = directory / "runs.jsonl"
    rows = [_object(line) or {} for line in read_bytes(runs).split(b"\n")] if runs.exists() else []
    outputs = {Path(os.path.normpath(root / name)) for row in rows for name in row.get("outputs") or {}}
    paths = {path for top in (directory, *outputs) if top.is_dir() for path in top.rglob("*")} | outputs
    return sorted(path for path in paths if path.is_file())


def files_naming(paths: Iterable[Path], pseudonym: str) -> list[str]:
    """The files that name the person in their name or content, spreadsheets included; other archives are not opened."""
    return [str(path) for path in paths if path.is_file() and _is_named_in(path, pseudonym)]


def _is_named_in(path: Path, pseudonym: str) -> bool:
    with file_errors(path):
        if path.stat().st_size >= _READABLE:
            return False
        if path.suffix.lower() != ".xlsx":
            return _mentions(path.read_bytes(), pseudonym) or mention_of(pseudonym).search(path.name) is not None
        try:
            with zipfile.ZipFile(path) as packed:
                parts = [packed.read(part) for part in packed.infolist() if part.file_size < _READABLE]
        except zipfile.BadZipFile:
            return False
    return any(_mentions(part, pseudonym) for part in parts) or mention_of(pseudonym).search(path.name) is not None


# --- all files together ----------------------------------------------------------------------------------------------


class ErasureChange(Struct, frozen=True, kw_only=True):
    """A file that is about to be replaced."""

    path: str  # absolute
    staged: str  # where its new content lies
    removed: int
    kind: str  # "annotations", "adjudications", "keys", or the name of another file
    backup: bool


class ErasurePlan(Struct, frozen=True, kw_only=True):
    """``forget.json``: what an erasure is about to do; while it is there the erasure is not finished."""

    time: str
    pseudonym: str
    changes: tuple[ErasureChange, ...]
    salt: str
    hashed_ids: tuple[str, ...]

    def record(self) -> ErasureRecord:
        """What remains of the erasure."""
        return ErasureRecord(
            time=self.time,
            annotations=self._count("annotations"),
            adjudications=self._count("adjudications"),
            keys=self._count("keys"),
            backups=sum(change.backup for change in self.changes),
            salt=self.salt,
            hashed_ids=self.hashed_ids,
        )

    def _count(self, kind: str) -> int:
        return sum(change.removed for change in self.changes if change.kind == kind and not change.backup)


def stage_erasure(directory: Path, files: Sequence[Path], backups: Path, pseudonym: str, ids: set[str]) -> None:
    """Write every file without the person next to the old one, then the plan; until then nothing has happened.

    Args:
        directory: of the campaign.
        files: that may hold something of the person.
        backups: the directory whose files are counted apart.
        pseudonym: of the person.
        ids: of the person, to be hashed.
    """
    changes = []
    for path in files:
        staged = path.with_name(f".{path.name}.forget")
        staged.unlink(missing_ok=True)  # of an attempt that never had a plan
        erased = erased_file(path, pseudonym)
        if erased is not None and (erased.removed or erased.redacted):
            _write(staged, erased.data, path.stat().st_mode & 0o777)
            kind = "keys" if path.name.startswith("keys") else path.name.removesuffix(".jsonl")
            is_backup = backups in path.parents
            changes.append(
                ErasureChange(path=str(path), staged=str(staged), removed=erased.removed, kind=kind, backup=is_backup)
            )
    salt, hashed = hash_ids(ids, erasure_records_in(directory / ERASURE_RECORDS))
    plan = ErasurePlan(time=now(), pseudonym=pseudonym, changes=tuple(changes), salt=salt, hashed_ids=hashed)
    write_json(directory / _PLAN, plan, mode=0o600)


def _write(path: Path, data: bytes, mode: int) -> None:
    with file_errors(path):
        path.touch(mode=mode)
        with path.open("wb") as handle:
            handle.write(data)
            handle.flush()
            os.fsync(handle.fileno())


def finish_erasure(directory: Path) -> ErasurePlan | None:
    """Put in place what a plan names and leave the record of it; None where there is no plan.

    Raises:
        DataError: the plan cannot be read.
    """
    path = directory / _PLAN
    if not path.exists():
        return None
    try:
        plan = msgspec.convert(read_json(path), ErasurePlan)
    except msgspec.ValidationError as error:
        raise DataError(f"{path}: {error}; restore the file, or delete it and run the same command again") from error
    for change in plan.changes:
        staged = Path(change.staged)
        if staged.exists():
            with file_errors(staged):
                staged.replace(change.path)
    (directory / "pull.json").unlink(missing_ok=True)  # it counts what the ledger had
    records = directory / ERASURE_RECORDS
    if plan.time not in {record.time for record in erasure_records_in(records)}:  # one record, however often resumed
        append_jsonl(records, [plan.record()])
    path.unlink()
    return plan


# --- a table of votes ------------------------------------------------------------------------------------------------


class TableErasure(Struct, frozen=True, kw_only=True):
    """What was erased in a table."""

    rows: int  # of a wide table: cells that are not empty
    wide: bool
    keys: int


def erase_from_table(path: Path, pseudonym: str, annotator: str | None) -> TableErasure:
    """Erase a person's rows from a long table, or their column from a wide one, with their key, and leave a record.

    Args:
        path: the table.
        pseudonym: of the person.
        annotator: the column that says who answered; None: ``annotator``, or a column named for the person.

    Raises:
        DataError: the table has no such column, or names nobody so.
    """
    names = list(dict.fromkeys(name for row in read_table(path) for name in row))
    name = annotator or "annotator"
    is_wide = name not in names
    if is_wide and (annotator or pseudonym not in names):
        raise DataError(
            f"{path}: no column {name!r}, and none called {pseudonym!r}; the table has {', '.join(names)}: --annotator "
            "names the column that says who answered"
        )
    removal = without_column(path, pseudonym) if is_wide else without_rows(path, name, pseudonym)
    if not removal.count:
        raise DataError(f"{path}: nobody is called {pseudonym!r} in it")
    keys = path.with_name(f"{path.stem}.keys.json")
    ids, removed = {name_id(pseudonym)}, 0
    if keys.exists():
        ids |= ids_in_key_file(keys, pseudonym, "")
        left, removed = key_file_without(keys, pseudonym)
    records = erasure_records_of_table(path)
    salt, hashed = hash_ids(ids, erasure_records_in(records))
    record = ErasureRecord(
        time=now(), annotations=0, adjudications=0, keys=removed, backups=0, rows=removal.count, salt=salt,
        hashed_ids=hashed,
    )  # fmt: skip
    append_jsonl(records, [record])
    if removed:
        write_bytes(keys, left, keys.stat().st_mode & 0o777)
    write_bytes(path, removal.data, path.stat().st_mode & 0o777)
    return TableErasure(rows=removal.count, wide=is_wide, keys=removed)


# --- results ---------------------------------------------------------------------------------------------------------


class ServerErasure(Struct, frozen=True, kw_only=True):
    """How much was deleted on the server."""

    annotations: int
    drafts: int
    projects: int  # an adjudicator's own

    def __bool__(self) -> bool:
        return bool(self.annotations or self.drafts or self.projects)


class ForgetResult(Result, frozen=True, kw_only=True):
    """What was erased in a campaign, and what is left to do."""

    campaign: str
    time: str
    annotations: int
    adjudications: int
    keys: int
    backups: int  # files of backups that were changed
    stale: tuple[str, ...]  # files that were made with these answers
    still_named: tuple[str, ...]
    packed_backups: tuple[str, ...]
    other_campaigns: tuple[str, ...]
    knows_account: bool | None  # whether an account on the server is known; None: the campaign is on no server
    server: str = ""
    deleted: ServerErasure | None = None

    def line(self) -> str:
        """What was erased, and what the user has to do."""
        on_server = {
            None: "",
            True: "the answers on the server, which later pulls leave out (`--server` deletes them there), ",
            False: "the answers on the server: none of their accounts is known, so delete them BEFORE the next pull, ",
        }[self.knows_account]
        lines = [
            f"erased: {self.annotations} lines of the ledger, {self.adjudications} adjudications, {self.keys} keys, "
            f"{self.backups} files of backups changed; {ERASURE_RECORDS} says how much, not whose",
            f"yours to do: {on_server}sheets and exports, copies that others have, releases, the history of a "
            "repository",
        ]
        if self.stale:
            lines.append(f"stale, made with these answers: {', '.join(self.stale)}; run `stance run {self.campaign}`")
        if self.still_named:
            lines.append(f"still named in: {', '.join(self.still_named)}")
        if self.packed_backups:
            lines.append(f"packed backups that were not opened; delete them: {', '.join(self.packed_backups)}")
        if self.other_campaigns:
            lines.append(f"also in {', '.join(self.other_campaigns)}: run the same there; the key stays until then")
        if self.deleted:
            lines.append(
                f"{self.server}: deleted {self.deleted.annotations} answers, {self.deleted.drafts} drafts and "
                f"{self.deleted.projects} projects of an adjudicator; the account stays (`stance studio users lock`)"
            )
        return "\n".join(lines)


class ForgetTableResult(Result, frozen=True, kw_only=True):
    """What was erased in a table of votes."""

    file: str
    rows: int  # of a wide table: cells
    wide: bool
    keys: int

    def line(self) -> str:
        """What was erased, and what the user has to do."""
        what = "cells of the person's column" if self.wide else "rows"
        return (
            f"erased: {self.rows} {what} of {self.file}, {self.keys} keys; "
            f"{erasure_records_of_table(Path(self.file))} says how much\n"
            "yours to do: what was made from this table, other copies of it, the history of a repository"
        )
