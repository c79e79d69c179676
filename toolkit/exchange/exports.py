"""Files of votes: exports of Label Studio (JSON, JSON_MIN, CSV, TSV, target storage, pages of its API), tables, sheets.

The content decides what a file is, not its name alone. JSON files are held in memory, and so their size is bounded.
"""

import gzip
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, TypeVar

import msgspec
from msgspec import Struct

from toolkit.errors import DataError
from toolkit.exchange.flat_exports import FlatExport, is_flat_export
from toolkit.exchange.results import answers_in, value_text, values_in_cell
from toolkit.exchange.submissions import Submission, account_name, email_of
from toolkit.exchange.task_data import ColumnMap, cell_at, fingerprint, require_columns, seconds_in, time_in
from toolkit.files import file_errors, read_bytes, suffix_of
from toolkit.tables import rows_in

LIMIT = 1 << 29  # bytes of a file, unpacked
SUFFIXES = (".json", ".csv", ".tsv", ".jsonl", ".parquet", ".xlsx")

_OWN_COLUMNS = {"state", "seconds", "created", "updated"}  # columns of our own tables of votes
_WEB_PAGE = "a web page, not an export: whoever fetched it was not logged in; export it again from the project's page"
_LISTS = ("tasks", "results")  # the key of the list in a page of the server's API
_HEAD = 4096  # bytes that show a web page
_PART = 1 << 20

T = TypeVar("T", bound=Struct)
Rows = Iterable[tuple[str, Mapping[str, Any]]]  # the place of a row, and its cells


# --- files -----------------------------------------------------------------------------------------------------------


def read_submissions(path: Path, columns: ColumnMap) -> list[Submission]:
    """The submissions in a file, in its order.

    Args:
        path: the file.
        columns: how its columns are called.

    Raises:
        DataError: it is no such file, or a column is missing; the message names those that there are.
    """
    suffix = ".json" if is_stored_annotation(path) else suffix_of(path)
    if suffix not in SUFFIXES:
        raise DataError(f"{path}: unknown kind of file; known are {', '.join(SUFFIXES)}")
    _check_content(path)
    return list(_from_json(path, columns) if suffix == ".json" else _from_rows(path, rows_in(path), columns))


def is_stored_annotation(path: Path) -> bool:
    """Whether a file is named as target storage names an annotation: by its number, often without a suffix."""
    return path.name.isdecimal() and path.is_file()


def _check_content(path: Path) -> None:
    """Refuse a web page, and a file that would fill the memory."""
    size = 0
    with file_errors(path), gzip.open(path) if path.suffix == ".gz" else path.open("rb") as handle:
        head: bytes = handle.read(_HEAD)
        while size <= LIMIT and (part := handle.read(_PART)):
            size += len(part)
    if head.lstrip(b"\xef\xbb\xbf \t\r\n").lower().startswith((b"<!doctype html", b"<html")):
        raise DataError(f"{path}: {_WEB_PAGE}")
    if size + len(head) > LIMIT:
        raise DataError(f"{path}: more than {LIMIT >> 20} MB; pull the project from its server, or split the file")


# --- JSON ------------------------------------------------------------------------------------------------------------


class _ExportedDraft(Struct, frozen=True, kw_only=True):
    user: Any = None
    created_username: str = ""
    annotation: int | None = None
    result: list[Any] = []
    lead_time: float | None = None
    created_at: Any = ""
    updated_at: Any = ""


class _Exported(Struct, frozen=True, kw_only=True):
    id: int
    completed_by: Any = ""  # a number, or the account with its address; None: it was deleted; "": not said
    result: list[Any] | None = None
    was_cancelled: bool | None = False  # a skip
    skipped: bool | None = False  # so before release 1.0
    lead_time: float | None = None  # seconds
    created_at: Any = ""  # ISO 8601, or seconds since 1970 before release 1.0
    updated_at: Any = ""
    updated_by: Any = None  # the account that saved it last
    import_id: int | None = None  # below zero: the account that saved it before a push moved it
    ground_truth: bool | None = None
    project: int | None = None


class _ExportedTask(Struct, frozen=True, kw_only=True):
    id: int
    data: dict[str, Any]
    annotations: list[_Exported] | None = None
    completions: list[_Exported] | None = None  # the annotations before release 1.0
    drafts: list[Any] = []  # numbers where the export was made without them
    project: int | None = None


class _StoredAnnotation(_Exported, frozen=True, kw_only=True):
    task: _ExportedTask


def _from_json(path: Path, columns: ColumnMap) -> Iterator[Submission]:
    entries = _json_list(path)
    first = _object(entries[0], f"{path}, entry 1")
    places = [f"{path}, entry {number}" for number in range(1, len(entries) + 1)]
    if "annotations" in first or "completions" in first:
        for raw, where in zip(entries, places, strict=True):
            yield from _from_task(_decoded(raw, _ExportedTask, where), path, columns)
    elif isinstance(first.get("task"), dict) and "result" in first:
        for raw, where in zip(entries, places, strict=True):
            stored = _decoded(raw, _StoredAnnotation, where)
            annotation = msgspec.convert(stored, _Exported, from_attributes=True)
            task = msgspec.structs.replace(stored.task, annotations=[annotation])
            yield from _from_task(task, path, columns)
    elif "data" in first:
        raise DataError(f"{path}: tasks without annotations; export with annotations, as JSON or JSON_MIN")
    else:
        rows = ((where, _object(raw, where)) for raw, where in zip(entries, places, strict=True))
        yield from _from_rows(path, rows, columns)


def _json_list(path: Path) -> list[msgspec.Raw]:
    """The entries of a file: a list, a page of the server's API, or a single annotation of target storage."""
    content = read_bytes(path).removeprefix(b"\xef\xbb\xbf")
    try:
        if content.lstrip().startswith(b"{"):
            page = msgspec.json.decode(content, type=dict[str, msgspec.Raw])
            name = next((name for name in _LISTS if name in page), "")
            entries = msgspec.json.decode(page[name], type=list[msgspec.Raw]) if name else [msgspec.Raw(content)]
            if not name and not {"task", "annotations", "completions"}.intersection(page):
                raise DataError(f"{path}: no export: it holds no list of tasks or annotations; {content[:80]!r}")
        else:
            entries = msgspec.json.decode(content, type=list[msgspec.Raw])
    except msgspec.ValidationError as error:
        raise DataError(f"{path}: no export: it holds no list of tasks or annotations; {content[:80]!r}") from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise DataError(f"{path}: not JSON ({error}); was the download cut off? Export it again") from error
    if not entries:
        raise DataError(f"{path}: an empty list; the export holds no task")
    return entries


def _object(raw: msgspec.Raw, where: str) -> dict[str, Any]:
    try:
        return msgspec.json.decode(raw, type=dict[str, Any])
    except (msgspec.ValidationError, RecursionError) as error:
        raise DataError(f"{where}: neither a task nor an annotation; {bytes(raw)[:80]!r}") from error


def _decoded(raw: msgspec.Raw, record: type[T], where: str) -> T:
    try:
        return msgspec.json.decode(raw, type=record)
    except (msgspec.ValidationError, RecursionError) as error:
        raise DataError(f"{where}: not as Label Studio exports a task: {error}") from error


def _from_task(task: _ExportedTask, path: Path, columns: ColumnMap) -> Iterator[Submission]:
    where = f"{path}, task {task.id}"
    named = cell_at(task.data, columns.item, where) if columns.item else task.data.get("item_id")
    shared = Submission(
        where=where,
        item=value_text(named) or str(task.id),
        is_task=not value_text(named),
        text=value_text(cell_at(task.data, columns.text, where) if columns.text else task.data.get("text")),
        data=fingerprint(task.data),
        annotator="",
        answers={},
        project=task.project or 0,
        task=task.id,
    )
    annotations = (task.annotations if task.annotations is not None else task.completions) or []
    for place, raw in enumerate(sorted(annotations, key=lambda raw: raw.id), 1):
        yield msgspec.structs.replace(
            shared,
            annotator=f"unknown-{place}" if raw.completed_by == "" else account_name(raw.completed_by),
            has_author=raw.completed_by != "",
            email=email_of(raw.completed_by),
            state="skipped" if raw.was_cancelled or raw.skipped else "submitted",
            answers=answers_in(raw.result or ()),
            seconds=raw.lead_time,
            created=time_in(raw.created_at, where),
            updated=time_in(raw.updated_at, where),
            project=raw.project or task.project or 0,
            number=raw.id,
            sender="" if raw.updated_by in (None, "") else account_name(raw.updated_by),
            moved_from=account_name(-raw.import_id) if raw.import_id is not None and raw.import_id < 0 else "",
            ground_truth=bool(raw.ground_truth),
        )
    yield from (_from_draft(draft, shared) for draft in _drafts(task))


def _from_draft(draft: _ExportedDraft, shared: Submission) -> Submission:
    return msgspec.structs.replace(
        shared,
        annotator=_drafted_by(draft),
        state="draft",
        answers=answers_in(draft.result),
        seconds=draft.lead_time,
        created=time_in(draft.created_at, shared.where),
        updated=time_in(draft.updated_at, shared.where),
    )


def _drafts(task: _ExportedTask) -> list[_ExportedDraft]:
    """The drafts that are no edits of an annotation, which is listed anyway."""
    drafts = [msgspec.convert(draft, _ExportedDraft) for draft in task.drafts if isinstance(draft, dict)]
    return [draft for draft in drafts if draft.annotation is None]


def _drafted_by(draft: _ExportedDraft) -> str:
    """The account behind a draft: an export names it as ``"ann@studio.example, 27"``."""
    number = draft.created_username.rpartition(", ")[2]
    return account_name(int(number) if number.isdecimal() else draft.user)


# --- tables ----------------------------------------------------------------------------------------------------------


_Read = Callable[[str, Mapping[str, Any]], Iterator[Submission]]


def _from_rows(path: Path, rows: Rows, columns: ColumnMap) -> Iterator[Submission]:
    pairs = list(rows)
    if not pairs:
        raise DataError(f"{path}: no rows; the table needs at least one row below the names of its columns")
    read = _reader(path, pairs, columns)
    for where, row in pairs:
        yield from read(where, row)


def _reader(path: Path, pairs: Sequence[tuple[str, Mapping[str, Any]]], columns: ColumnMap) -> _Read:
    """What makes submissions of the rows of a table, by the columns that it has."""
    first = pairs[0][1]
    if is_flat_export(first) and not columns.wide and columns.annotator is None:
        return FlatExport(path, [row for _, row in pairs], columns)
    return _WideReader(path, first, columns) if columns.wide else _LongReader(path, first, columns)


def _first_of(row: Mapping[str, Any], *names: str) -> str:
    return next((name for name in names if name in row), names[-1])


class _LongReader:
    """Rows of a user's own: one for each vote; also the tables of votes that the toolkit writes."""

    def __init__(self, path: Path, row: Mapping[str, Any], columns: ColumnMap) -> None:
        self._item = columns.item or _first_of(row, "item_id", "item")
        self._annotator = columns.annotator or "annotator"
        self._text = columns.text or "text"
        named = filter(None, (columns.text, columns.label))
        require_columns(path, row, [self._item, self._annotator, *named])
        self._others = {*_OWN_COLUMNS, self._item, self._annotator, self._text} - {columns.label}

    def __call__(self, where: str, row: Mapping[str, Any]) -> Iterator[Submission]:
        state = _state(row.get("state"))
        answers = {name: values_in_cell(row[name]) for name in row if name not in self._others}
        if state == "submitted" and not any(answers.values()):
            return
        yield Submission(
            where=where,
            item=value_text(row.get(self._item)).strip(),
            text=value_text(row.get(self._text)),
            annotator=value_text(row.get(self._annotator)).strip(),
            state=state,
            answers=answers,
            seconds=seconds_in(row.get("seconds"), where),
            created=time_in(row.get("created"), where),
            updated=time_in(row.get("updated"), where),
        )


def _state(cell: Any) -> Literal["submitted", "skipped", "draft"]:  # noqa: ANN401 - a cell of any table
    """The state in a table of ours; a repeated vote was submitted too, and another word is no state."""
    word = cell.strip().casefold() if isinstance(cell, str) else ""
    return next((state for state in ("skipped", "draft") if state == word), "submitted")


class _WideReader:
    """Rows of a user's own: one for each item, with a column for each annotator."""

    def __init__(self, path: Path, row: Mapping[str, Any], columns: ColumnMap) -> None:
        self._item = columns.item or _first_of(row, "item_id", "item")
        self._text = columns.text or "text"
        self._wide = columns.wide
        self._label = columns.label or "label"
        require_columns(path, row, [self._item, *columns.wide, *filter(None, (columns.text,))])

    def __call__(self, where: str, row: Mapping[str, Any]) -> Iterator[Submission]:
        for annotator in self._wide:
            values = values_in_cell(row.get(annotator))
            if values:
                yield Submission(
                    where=where,
                    item=value_text(row.get(self._item)).strip(),
                    text=value_text(row.get(self._text)),
                    annotator=annotator,
                    answers={self._label: values},
                )
