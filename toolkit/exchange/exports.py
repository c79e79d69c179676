"""Files that hold votes: exports of Label Studio made by hand (JSON, JSON_MIN, CSV, TSV), and tables of a user's own.

The content decides what a file is, not its name alone. Whole files are held in memory, and so their size is bounded.
"""

import csv
import gzip
import io
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Literal

import msgspec
from msgspec import Struct

from toolkit.errors import DataError, MissingFileError
from toolkit.exchange.label_config import OURS
from toolkit.exchange.submissions import Submission, account_name, answers_in, shown_text, utc, values_in_cell
from toolkit.files import suffix_of
from toolkit.tables import read_table

LIMIT = 1 << 29  # bytes of a file, unpacked
SUFFIXES = (".json", ".csv", ".tsv", ".jsonl", ".parquet", ".xlsx")

_EXPORTED = {"annotation_id", "annotator", "lead_time"}  # columns of every flat export
_META = {"annotation_id", "annotator", "created_at", "updated_at", "lead_time", "agreement", "id"}
_KNOWN = {"state", "seconds", "created", "updated"}  # columns of our own tables of votes
_WEB_PAGE = "a web page, not an export: whoever fetched it was not logged in; export it again from the project's page"

Rows = Iterable[tuple[int, dict[str, Any]]]  # the number of a row, and its cells


class ColumnMap(Struct, frozen=True, kw_only=True):
    """How a table's columns are called; None: as the kind of table has them."""

    item: str | None = None
    annotator: str | None = None
    label: str | None = None
    text: str | None = None
    wide: tuple[str, ...] = ()  # one column an annotator


class _Draft(Struct, frozen=True, kw_only=True):
    user: Any = None
    created_username: str = ""
    annotation: int | None = None
    result: list[Any] = []
    lead_time: float | None = None
    created_at: str = ""
    updated_at: str = ""


class _Exported(Struct, frozen=True, kw_only=True):
    id: int
    completed_by: Any = None  # a number, or the account with its address in older exports
    result: list[Any]
    was_cancelled: bool = False  # a skip
    lead_time: float | None = None  # seconds
    created_at: str
    updated_at: str
    updated_by: Any = None  # the account that saved it last
    import_id: int | None = None  # below zero: the account that saved it before a push moved it
    ground_truth: bool | None = None
    project: int = 0


class _Task(Struct, frozen=True, kw_only=True):
    id: int
    data: dict[str, Any]
    annotations: list[_Exported]
    drafts: list[Any] = []  # numbers where the export was made without them
    project: int = 0


def read_submissions(path: Path, columns: ColumnMap, sheet_rows: Callable[[Path], Rows]) -> list[Submission]:
    """What a file holds, in its order.

    Args:
        path: the file.
        columns: how its columns are called.
        sheet_rows: reads a spreadsheet that is a table of the user's own.

    Raises:
        DataError: it is no such file, or a column is missing; the message names those that there are.
    """
    suffix = suffix_of(path)
    if suffix == ".json":
        return list(_from_json(path, columns))
    if suffix in (".csv", ".tsv"):
        return list(_from_rows(path, _csv_rows(path), columns))
    if suffix in (".jsonl", ".parquet"):
        _bounded(path)
        return list(_from_rows(path, enumerate(read_table(path), 1), columns))
    if suffix == ".xlsx":
        return list(_from_rows(path, sheet_rows(path), columns))
    raise DataError(f"{path}: no file of votes that is known; known are {', '.join(SUFFIXES)}")


def _bounded(path: Path) -> bytes:
    """The content of a file, unless there is too much of it."""
    try:
        with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as handle:
            content: bytes = handle.read(LIMIT + 1)
    except FileNotFoundError as error:
        raise MissingFileError(f"{path}: no such file") from error
    except (gzip.BadGzipFile, EOFError) as error:
        raise DataError(f"{path}: broken gzip ({error}); fetch or pack the file again") from error
    if len(content) > LIMIT:
        raise DataError(f"{path}: more than {LIMIT >> 20} MB; pull the project from its server, or split the file")
    if content[:200].lstrip(b"\xef\xbb\xbf \t\r\n").lower().startswith((b"<!doctype html", b"<html")):
        raise DataError(f"{path}: {_WEB_PAGE}")
    return content


# --- JSON ----------------------------------------------------------------------------------------------------------


def _from_json(path: Path, columns: ColumnMap) -> Iterator[Submission]:
    listed = _json_list(path)
    first = _object(listed[0], f"{path}, entry 1")
    if "annotations" in first:
        for number, raw in enumerate(listed, 1):
            yield from _of_exported_task(_exported_task(raw, f"{path}, entry {number}"), path, columns)
    elif "data" in first:
        raise DataError(f"{path}: tasks without annotations; export with annotations, as JSON or JSON_MIN")
    else:
        rows = ((number, _object(raw, f"{path}, entry {number}")) for number, raw in enumerate(listed, 1))
        yield from _from_rows(path, rows, columns)


def _json_list(path: Path) -> list[msgspec.Raw]:
    content = _bounded(path).removeprefix(b"\xef\xbb\xbf")
    try:
        listed = msgspec.json.decode(content, type=list[msgspec.Raw])
    except msgspec.ValidationError as error:
        raise DataError(f"{path}: no export: it holds no list of tasks or annotations; {content[:80]!r}") from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise DataError(f"{path}: not JSON ({error}); was the download cut off? Export it again") from error
    if not listed:
        raise DataError(f"{path}: an empty list; the export holds no task")
    return listed


def _object(raw: msgspec.Raw, where: str) -> dict[str, Any]:
    try:
        return msgspec.json.decode(raw, type=dict[str, Any])
    except msgspec.ValidationError as error:
        raise DataError(f"{where}: neither a task nor an annotation; {bytes(raw)[:80]!r}") from error


def _exported_task(raw: msgspec.Raw, where: str) -> _Task:
    try:
        return msgspec.json.decode(raw, type=_Task)
    except msgspec.ValidationError as error:
        raise DataError(f"{where}: not as Label Studio exports a task: {error}") from error


def _of_exported_task(task: _Task, path: Path, columns: ColumnMap) -> Iterator[Submission]:
    item_column = columns.item or ("item_id" if "item_id" in task.data else None)
    for column in (item_column, columns.text):
        if column is not None and column not in task.data:
            raise DataError(f"{path}, task {task.id}: no column {column!r}; its data has {', '.join(task.data)}")
    item = str(task.id) if item_column is None else shown_text(task.data[item_column])
    text = shown_text(task.data.get(columns.text or "text"))
    for raw in task.annotations:
        yield Submission(
            where=f"{path}, task {task.id}",
            item=item,
            text=text,
            annotator=_account(raw.completed_by),
            state="skipped" if raw.was_cancelled else "submitted",
            answers=answers_in(raw.result),
            seconds=raw.lead_time,
            created=utc(raw.created_at),
            updated=utc(raw.updated_at),
            project=raw.project or task.project,
            task=task.id,
            number=raw.id,
            sender="" if raw.updated_by is None else _account(raw.updated_by),
            moved_from=account_name(-raw.import_id) if raw.import_id is not None and raw.import_id < 0 else "",
            ground_truth=bool(raw.ground_truth),
        )
    for draft in _drafts(task):
        yield Submission(
            where=f"{path}, task {task.id}",
            item=item,
            text=text,
            annotator=_drafted_by(draft),
            state="draft",
            answers=answers_in(draft.result),
            seconds=draft.lead_time,
            created=utc(draft.created_at),
            updated=utc(draft.updated_at),
            project=task.project,
            task=task.id,
        )


def _drafts(task: _Task) -> list[_Draft]:
    """The drafts that are no edits of an annotation, which is listed anyway."""
    drafts = [msgspec.convert(each, _Draft) for each in task.drafts if isinstance(each, dict)]
    return [each for each in drafts if each.annotation is None]


def _account(completed_by: Any) -> str:  # noqa: ANN401 - a number, or an object in older exports
    if isinstance(completed_by, dict):
        completed_by = completed_by.get("id", completed_by.get("email"))
    return account_name(None) if completed_by in (None, "") else f"account {completed_by}"


def _drafted_by(draft: _Draft) -> str:
    """The account behind a draft: an export names it as ``"ann@studio.example, 27"``."""
    number = draft.created_username.rpartition(", ")[2]
    return _account(int(number) if number.isdecimal() else draft.user)


# --- tables --------------------------------------------------------------------------------------------------------


def _csv_rows(path: Path) -> Rows:
    text = _decoded(_bounded(path), path)
    csv.field_size_limit(1 << 30)
    delimiter = "," if suffix_of(path) == ".csv" else "\t"
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    try:
        header = next(reader, [])
        _check_header(header, path)
        for cells in reader:
            if cells and len(cells) != len(header):
                raise DataError(f"{path}:{reader.line_num}: {len(cells)} cells, but the header has {len(header)}")
            if cells:
                yield reader.line_num, dict(zip(header, cells, strict=True))
    except csv.Error as error:
        raise DataError(f"{path}:{reader.line_num}: {error}") from error


def _decoded(content: bytes, path: Path) -> str:
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise DataError(f"{path}: UTF-16; save it as UTF-8, e.g. with `iconv -f utf-16 -t utf-8`")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise DataError(
            f"{path}:{line}: not UTF-8 (byte 0x{content[error.start]:02x}); save the whole file as UTF-8"
        ) from error


def _check_header(header: list[str], path: Path) -> None:
    if not any(name.strip() for name in header):
        raise DataError(f"{path}: empty; a first line with the names of the columns is needed")
    doubled = sorted({name for name in header if header.count(name) > 1})
    if doubled:
        raise DataError(f"{path}: two columns are named {doubled[0]!r}; give each a name of its own")
    other = next((sign for sign in (";", "\t", ",") if len(header) == 1 and sign in header[0]), None)
    if other:
        raise DataError(f"{path}: one column {header[0]!r}; it seems that {other!r} parts the cells: save it otherwise")


def _from_rows(path: Path, rows: Rows, columns: ColumnMap) -> Iterator[Submission]:
    pairs = iter(rows)
    first = next(pairs, None)
    if first is None:
        raise DataError(f"{path}: a header and nothing below it")
    number, row = first
    read = _reader(path, row, columns)
    yield from read(number, row)
    for number, row in pairs:
        yield from read(number, row)


_Read = Callable[[int, Mapping[str, Any]], Iterator[Submission]]


def _reader(path: Path, row: Mapping[str, Any], columns: ColumnMap) -> _Read:
    """What makes submissions of the rows of a table, by the columns that it has."""
    if row.keys() >= _EXPORTED and not columns.wide and columns.annotator is None:
        return _ExportReader(path, row, columns)
    return _WideReader(path, row, columns) if columns.wide else _LongReader(path, row, columns)


def _needed(path: Path, row: Mapping[str, Any], names: Iterable[str]) -> None:
    for name in names:
        if name not in row:
            raise DataError(f"{path}: no column {name!r}; the table has {', '.join(map(str, row))}")


def _first_of(row: Mapping[str, Any], *names: str) -> str:
    return next((name for name in names if name in row), names[-1])


class _ExportReader:
    """Rows of JSON_MIN, CSV and TSV: one for each annotation, and one for each task that has none."""

    def __init__(self, path: Path, row: Mapping[str, Any], columns: ColumnMap) -> None:
        self._path = path
        self._item = columns.item or _first_of(row, "item_id", "id")
        self._text = columns.text or "text"
        _needed(path, row, [self._item, *filter(None, (columns.text,))])
        self._others = {*_META, *OURS, self._item, self._text}

    def __call__(self, number: int, row: Mapping[str, Any]) -> Iterator[Submission]:
        if row.get("annotation_id") in (None, ""):
            return
        where = f"{self._path}, row {number}"
        yield Submission(
            where=where,
            item=shown_text(row.get(self._item)),
            text=shown_text(row.get(self._text)),
            annotator=_account(row.get("annotator")),
            answers={name: values_in_cell(row[name]) for name in row if name not in self._others},
            seconds=_number(row.get("lead_time"), where),
            created=_time(row.get("created_at"), where),
            updated=_time(row.get("updated_at"), where),
            task=_whole(row.get("id")) or 0,
            number=_whole(row["annotation_id"]),
        )


class _LongReader:
    """Rows of a user's own: one for each vote; also the tables of votes that the toolkit writes."""

    def __init__(self, path: Path, row: Mapping[str, Any], columns: ColumnMap) -> None:
        self._path = path
        self._item = columns.item or _first_of(row, "item_id", "item")
        self._annotator = columns.annotator or "annotator"
        self._text = columns.text or "text"
        named = filter(None, (columns.text, columns.label))
        _needed(path, row, [self._item, self._annotator, *named])
        self._others = {*_KNOWN, self._item, self._annotator, self._text} - {columns.label}

    def __call__(self, number: int, row: Mapping[str, Any]) -> Iterator[Submission]:
        where = f"{self._path}, row {number}"
        state = _state(row.get("state"))
        answers = {name: values_in_cell(row[name]) for name in row if name not in self._others}
        if state == "submitted" and not any(answers.values()):
            return
        yield Submission(
            where=where,
            item=shown_text(row.get(self._item)).strip(),
            text=shown_text(row.get(self._text)),
            annotator=shown_text(row.get(self._annotator)).strip(),
            state=state,
            answers=answers,
            seconds=_number(row.get("seconds"), where),
            created=_time(row.get("created"), where),
            updated=_time(row.get("updated"), where),
        )


def _state(cell: Any) -> Literal["submitted", "skipped", "draft"]:  # noqa: ANN401 - a cell of any table
    """The state in a table of ours; a repeated vote was submitted too, and another table's word says nothing."""
    return cell if cell in ("skipped", "draft") else "submitted"


class _WideReader:
    """Rows of a user's own: one for each item, with a column for each annotator."""

    def __init__(self, path: Path, row: Mapping[str, Any], columns: ColumnMap) -> None:
        self._path = path
        self._item = columns.item or _first_of(row, "item_id", "item")
        self._text = columns.text or "text"
        self._wide = columns.wide
        self._label = columns.label or "label"
        _needed(path, row, [self._item, *columns.wide, *filter(None, (columns.text,))])

    def __call__(self, number: int, row: Mapping[str, Any]) -> Iterator[Submission]:
        for annotator in self._wide:
            values = values_in_cell(row.get(annotator))
            if values:
                yield Submission(
                    where=f"{self._path}, row {number}",
                    item=shown_text(row.get(self._item)).strip(),
                    text=shown_text(row.get(self._text)),
                    annotator=annotator,
                    answers={self._label: values},
                )


def _number(cell: Any, where: str) -> float | None:  # noqa: ANN401 - a cell of any table
    if cell is None or cell == "":
        return None
    try:
        return float(cell)
    except (TypeError, ValueError) as error:
        raise DataError(f"{where}: {cell!r} is no number of seconds") from error


def _whole(cell: Any) -> int | None:  # noqa: ANN401 - a cell of any table
    try:
        return int(cell)
    except (TypeError, ValueError):
        return None


def _time(cell: Any, where: str) -> str:  # noqa: ANN401 - a cell of any table
    try:
        return utc(cell)
    except DataError as error:
        raise DataError(f"{where}: {error}") from error
