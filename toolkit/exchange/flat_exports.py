"""Flat exports of Label Studio (JSON_MIN, CSV, TSV): a row for each annotation; data and answers share the columns."""

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from msgspec import Struct

from toolkit.exchange.label_config import OURS
from toolkit.exchange.results import bare_labels, value_text, values_in, values_in_cell
from toolkit.exchange.submissions import NOBODY, Submission, account_name, email_of
from toolkit.exchange.task_data import ColumnMap, cell_at, fingerprint, require_columns, seconds_in, time_in, whole_in
from toolkit.files import suffix_of

Row = Mapping[str, Any]

_EXPORTED = {"annotation_id", "annotator", "lead_time"}  # columns of every flat export
_FIXED = {*_EXPORTED, "created_at", "updated_at"}  # that stand after the answers in JSON_MIN
_META = {*_FIXED, "agreement", "history", "id"}
_DATA = "_data_"  # before the name of a column of the data, in CSV, where a question bears the same name
_DELETED = (None, "", "None")  # in place of an account that was deleted; JSON_MIN and CSV write Python's word


def is_flat_export(row: Row) -> bool:
    """Whether a row has the columns of every flat export."""
    return row.keys() >= _EXPORTED


class FlatExport:
    """Reads the rows of a flat export: one for each annotation, and one for each task that has none."""

    def __init__(self, path: Path, rows: Sequence[Row], columns: ColumnMap) -> None:
        # Cells of JSON keep their type: a text that looks like JSON is a text there.
        self._is_json = suffix_of(path) == ".json"
        self._layout = (_min_layout(rows) if self._is_json else None) or _sorted_layout(rows, columns)
        self._named = set(filter(None, (columns.item, columns.text)))
        for name in self._named:
            if not any(name in row or "." in name or "[" in name for row in rows):
                require_columns(path, rows[0], [name])
        self._item, self._text = columns.item or "item_id", columns.text or "text"

    def __call__(self, where: str, row: Row) -> Iterator[Submission]:
        """The submission in a row; none where the task has no annotation."""
        if row.get("annotation_id") in (None, ""):
            return
        item, account = value_text(self._data_cell(row, self._item, where)), row.get("annotator")
        yield Submission(
            where=where,
            item=item or self._layout.task_of(row),
            is_task=not item,
            text=value_text(self._data_cell(row, self._text, where)),
            data=self._layout.mark_of(row),
            annotator=_account(account),
            email=email_of(account),
            answers={name: self._values(row[name]) for name in self._layout.questions if name in row},
            has_plain_answers=self._layout.is_certain,
            seconds=seconds_in(row.get("lead_time"), where),
            created=time_in(row.get("created_at"), where),
            updated=time_in(row.get("updated_at"), where),
            task=whole_in(row.get("id")) or 0,
            number=whole_in(row["annotation_id"]),
        )

    def _data_cell(self, row: Row, name: str, where: str) -> Any:  # noqa: ANN401 - whatever JSON can hold
        """A column of the task's data, which has another name where a question bears its own."""
        if _DATA + name in row:
            return row[_DATA + name]
        if name in row:
            return None if name in self._layout.answers and name not in self._named else row[name]
        if name not in self._named or not row.keys() - _META:
            return None
        return cell_at({key: cell if self._is_json else _unpacked(cell) for key, cell in row.items()}, name, where)

    def _values(self, cell: Any) -> list[Any]:  # noqa: ANN401 - a cell of any table
        if self._is_json:
            return bare_labels(cell) or values_in(cell)
        return bare_labels(_unpacked(cell)) or values_in_cell(cell)


def _unpacked(cell: Any) -> Any:  # noqa: ANN401 - a cell of any table
    """What CSV holds as a text of JSON: an object or a list; other cells as they are."""
    if isinstance(cell, str) and cell.startswith(("{", "[")):
        try:
            return json.loads(cell)
        except (ValueError, RecursionError):
            return cell
    return cell


def _account(cell: Any) -> str:  # noqa: ANN401 - a cell of any table
    if cell in _DELETED:
        return NOBODY
    return account_name(whole_in(cell) if isinstance(cell, str) and cell.isdecimal() else cell)


# --- which columns hold answers --------------------------------------------------------------------------------------


class _Layout(Struct, frozen=True, kw_only=True):
    """Which columns of a flat export hold answers, and which tell its tasks apart."""

    questions: tuple[str, ...]  # columns that may hold answers
    answers: frozenset[str]  # those of them that do
    data: frozenset[str] = frozenset()  # columns that hold data; empty: not known
    number: str | None = "id"  # the column with the number of the task; None: an answer stands in its place

    @property
    def is_certain(self) -> bool:
        """Whether no column of the data can be among the questions."""
        return self.answers.issuperset(self.questions)

    def mark_of(self, row: Row) -> str:
        """What tells the task of a row from others of its number; "" where the data is not known."""
        return fingerprint({name: row[name] for name in self.data if name in row}) if self.data else ""

    def task_of(self, row: Row) -> str:
        """The number of the task of a row, or what stands for it."""
        return value_text(row.get(self.number)) if self.number else f"task-{self.mark_of(row)}"


def _min_layout(rows: Sequence[Row]) -> _Layout | None:
    """The layout of JSON_MIN; None where its order does not show.

    JSON_MIN writes the task's data, its number, the answers and the annotator in this order. An answer whose name the
    data has too takes the place of the data: such a column holds answers where it differs within a task.
    """
    spans = [_span(list(row)) for row in rows]
    parts = [(list(row), span) for row, span in zip(rows, spans, strict=True) if span]
    if len(parts) < len(rows):
        return None
    before = {name for keys, span in parts for name in keys[: span[0] - 1] if name not in _META}
    between = dict.fromkeys(name for keys, span in parts for name in keys[span[0] : span[1]] if name not in OURS)
    data = frozenset(before - between.keys())
    hidden = _hides_number(rows, data)
    key = (lambda row: _marked(row, data)) if hidden else _numbered
    replaced = _differing_columns(rows, key) & data
    questions = (*(["id"] if hidden else []), *sorted(replaced), *between)
    return _Layout(
        questions=questions, answers=frozenset(questions), data=data - replaced, number=None if hidden else "id"
    )


def _span(keys: Sequence[str]) -> tuple[int, int] | None:
    """Where the answers in a row of JSON_MIN begin and end; None where its order does not show it."""
    end = len(keys) - (keys[-1] == "agreement")
    while end and keys[end - 1] in _FIXED:
        end -= 1
    start = keys.index("id") + 1 if "id" in keys else 0
    # Data with a number of its own begins with it, and the task's takes its place.
    is_in_order = 1 < start <= end and not _FIXED.intersection(keys[start:end])
    return (start, end) if is_in_order else None


def _hides_number(rows: Sequence[Row], data: frozenset[str]) -> bool:
    """Whether answers to a question ``id`` stand in place of the numbers of tasks: texts that do not fit the data."""
    if not data or any(isinstance(row["id"], int) for row in rows):
        return False
    pairs = {(_numbered(row), _marked(row, data)) for row in rows}
    return len(pairs) > min(len({number for number, _ in pairs}), len({mark for _, mark in pairs}))


def _sorted_layout(rows: Sequence[Row], columns: ColumnMap) -> _Layout:
    """The layout of CSV and TSV, which sort their columns.

    Data and answers cannot be told apart there unless a column differs within a task, or bears a name that the data
    has too.
    """
    names = dict.fromkeys(name for row in rows for name in row)
    renamed = {name for name in names if name.startswith(_DATA) and name.removeprefix(_DATA) in names}
    collided = {name.removeprefix(_DATA) for name in renamed} - _FIXED
    number = _DATA + "id" if "id" in collided else "id"
    differing = _differing_columns(rows, lambda row: value_text(row.get(number))) if number in names else set()
    answers = (differing - _META - renamed - {columns.item, columns.text}) | collided
    excluded = {*_META, *OURS, *renamed, "text", "item_id", columns.item, columns.text} - answers
    questions = tuple(name for name in names if name not in excluded)
    return _Layout(questions=questions, answers=frozenset(answers - OURS), number=number)


def _numbered(row: Row) -> str:
    return value_text(row.get("id"))


def _marked(row: Row, data: frozenset[str]) -> str:
    return fingerprint({name: row[name] for name in data if name in row})


def _differing_columns(rows: Iterable[Row], key: Callable[[Row], str]) -> set[str]:
    """The columns that differ between rows of one key."""
    groups: defaultdict[str, list[Row]] = defaultdict(list)
    for row in rows:
        groups[key(row)].append(row)
    return {name for same in groups.values() for row in same[1:] for name in row if same[0].get(name) != row[name]}
