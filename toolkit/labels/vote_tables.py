"""The votes in a user's own table, long or wide, as numbers, and the rows that are no votes, by reason."""

import math
import re
import shlex
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from toolkit.errors import DataError
from toolkit.labels.resemblance import listed, near_duplicates, nearest, ready_mapping, words_for_nothing
from toolkit.labels.votes import Votes, code_coded
from toolkit.records import Vote
from toolkit.statistics import Floats
from toolkit.tables import JOINT
from toolkit.tables.columns import Coded, ColumnTable, Ints
from toolkit.times import timestamp

Repeats = Literal["latest", "keep"]
Chosen = NDArray[np.bool_]


class Columns(Struct, frozen=True, kw_only=True):
    """The columns of a table of votes."""

    item: str = "item"
    annotator: str = "annotator"
    label: str = "label"
    cluster: str | None = None  # None: each item is its own
    weight: str | None = None  # of the item
    time: str | None = None  # None: `updated` or `created`, where they are there
    wide: tuple[str, ...] = ()  # a column an annotator, a row an item; then `annotator` and `label` are not read
    by: tuple[str, ...] = ()  # of slices

    @property
    def required(self) -> list[str]:
        """The columns that the table must have."""
        if not self.wide:
            return [*_roles(self).values(), self.annotator, self.label]
        facts = [name for role, name in _roles(self).items() if role not in ("item", "cluster")]
        named = [] if _is_numbered(self) else [self.item, self.cluster or self.item]
        return [*self.wide, *facts, *named]

    @property
    def optional(self) -> list[str]:
        """The columns that are read where the table has them."""
        return [self.item, *_TIMES] if self.wide else [*STATE_COLUMNS, *_TIMES]


class VoteRules(Struct, frozen=True, kw_only=True):
    """How the cells of a table become votes."""

    repeats: Repeats = "latest"  # of several votes of one person on an item; keep: each is a vote of its own
    renamed: dict[str, str] = {}  # label in the table -> label that is meant
    labels: tuple[str, ...] = ()  # those that are allowed; empty: any
    no_answers: tuple[str, ...] = ()  # labels that are none, so that their rows are no votes
    missing: tuple[str, ...] = ()  # labels that are none, whose rows are kept
    sets: bool = False  # whether a label such as ``a;b`` is the set of a and b


@dataclass(frozen=True)
class CodedTable:
    """The votes in a table, row by row, and the number of rows that are none."""

    name: str  # of the question
    item: Coded
    annotator: Coded
    label: Coded
    cluster: Coded
    weight: Floats | None
    by: Mapping[str, Coded]
    left_out: dict[str, int]  # rows (of a wide table: cells) that are no votes, by reason
    no_answers: int
    notes: tuple[str, ...]  # cautions about labels, items and annotators

    def votes(self, labels: Sequence[str]) -> Votes:
        """The votes, the labels in an order."""
        return code_coded(self.item, self.annotator, self.label, self.cluster, labels, self.weight)

    def records(self) -> list[Vote]:
        """The votes, a record each, in the order of the rows."""
        columns = (self.item, self.annotator, self.label, self.cluster)
        cells = [[column.names[code] for code in column.codes] for column in columns]
        weights = [1.0] * len(cells[0]) if self.weight is None else self.weight.tolist()
        return [
            Vote(question=self.name, item_id=item, annotator=annotator, label=label, cluster=cluster, weight=weight)
            for item, annotator, label, cluster, weight in zip(*cells, weights, strict=True)
        ]


@dataclass(frozen=True)
class _Cells:
    """The columns of a long table, or those of a wide one laid under each other."""

    path: Path
    row: Ints  # where each stands in the file, from 1
    columns: dict[str, Coded]

    def of(self, chosen: Chosen) -> "_Cells":
        """The chosen rows."""
        columns = {name: column.of_rows(chosen) for name, column in self.columns.items()}
        return _Cells(self.path, self.row[chosen], columns)


STATE_COLUMNS = ("state", "State", "STATE")
_STATES = {"submitted", "skipped", "draft", "repeat", "deleted"}  # as `stance pull -o` writes them
_TIMES = ("updated", "created")
_SHOWN = 3  # groups of names in a caution


def coded_votes(table: ColumnTable, columns: Columns, rules: VoteRules) -> CodedTable:
    """The votes in a table: an empty label is no vote, nor is a row whose ``state`` is anything but submitted.

    Raises:
        DataError: a column is missing or empty, a label is not allowed, a weight or a time is none, or one annotator
            has two votes on an item of which neither is the later.
    """
    cells, left_out = _filled(_wide(table, columns) if columns.wide else _long(table, columns))
    if rules.repeats == "latest":
        last = _latest(cells)
        left_out["superseded"] = int((~last).sum())
        cells = cells.of(last) if left_out["superseded"] else cells
    label = cells.columns["label"]
    label = label.renamed({name: as_set(name) for name in label.names}) if rules.sets else label
    label = label.renamed(rules.renamed) if rules.renamed else label
    notes = (*_label_notes(table.path, label, rules), *_name_notes(cells.columns))
    answers = ~np.isin(label.codes, [n for n, name in enumerate(label.names) if is_no_answer(name, rules.no_answers)])
    cells.columns["label"] = label
    votes = cells if answers.all() else cells.of(answers)
    return CodedTable(
        name=columns.label,
        **{name: votes.columns[name] for name in ("item", "annotator", "label", "cluster")},
        weight=_numbers(votes, "weight", columns.weight or "") if columns.weight else None,
        by={name: votes.columns[f"by {name}"] for name in columns.by},
        left_out={reason: number for reason, number in sorted(left_out.items()) if number},
        no_answers=int((~answers).sum()),
        notes=notes,
    )


# --- the two shapes of tables ----------------------------------------------------------------------------------------


def _roles(columns: Columns) -> dict[str, str]:
    """What else is read, by what it is for."""
    roles = {"item": columns.item, "cluster": columns.cluster or columns.item}
    named = {"weight": columns.weight, "time": columns.time}
    roles |= {role: name for role, name in named.items() if name is not None}
    return roles | {f"by {name}": name for name in columns.by}


def _is_numbered(columns: Columns) -> bool:
    """Whether the rows of a wide table may be the items, where it has no column of that name."""
    return columns.item == "item" and columns.cluster is None


def _long(table: ColumnTable, columns: Columns) -> _Cells:
    roles = {**_roles(columns), "annotator": columns.annotator, "label": columns.label}
    by_role = {role: table[name] for role, name in roles.items()}
    return _Cells(table.path, np.arange(1, table.rows + 1), _with_times(by_role, table))


def _wide(table: ColumnTable, columns: Columns) -> _Cells:
    roles = _roles(columns)
    if _is_numbered(columns) and columns.item not in table:
        numbers = Coded.of([str(number) for number in range(1, table.rows + 1)])
        by_role = {"item": numbers, "cluster": numbers}
    else:
        by_role = {"item": table[columns.item], "cluster": table[roles["cluster"]]}
    by_role |= {role: table[name] for role, name in roles.items() if role not in by_role}
    count = len(columns.wide)
    stacked = {
        role: Coded(codes=np.tile(column.codes, count), names=column.names)
        for role, column in _with_times(by_role, table).items()
    }
    row = np.arange(1, table.rows + 1)
    stacked["annotator"] = Coded.of_codes(np.repeat(np.arange(count), table.rows), columns.wide)
    stacked["label"] = _stacked([table[name] for name in columns.wide])
    return _Cells(table.path, np.tile(row, count), stacked)


def _with_times(by_role: dict[str, Coded], table: ColumnTable) -> dict[str, Coded]:
    columns = dict(by_role)
    for name in _TIMES:
        if name in table:
            columns.setdefault("time", table[name])
    state = next((name for name in STATE_COLUMNS if name in table), None)
    return columns if state is None else {**columns, "state": table[state]}


def _stacked(columns: Sequence[Coded]) -> Coded:
    """Columns laid under each other."""
    starts = np.cumsum([0, *(len(column.names) for column in columns)])
    codes = [column.codes + start for column, start in zip(columns, starts[:-1], strict=True)]
    return Coded.of_codes(np.concatenate(codes), [name for column in columns for name in column.names])


# --- rows that are no votes ------------------------------------------------------------------------------------------


def _filled(cells: _Cells) -> tuple[_Cells, Counter[str]]:
    """The rows that hold a vote, and the number of those that do not, by reason."""
    left_out: Counter[str] = Counter()
    is_vote = np.ones(len(cells.row), dtype=np.bool_)
    state = cells.columns.get("state")
    for number, name in enumerate(states_of_no_votes(state.names) if state is not None else ()):
        if name and state is not None:
            left_out[name] += int((state.codes == number).sum())
            is_vote &= state.codes != number
    for role in ("label", "item", "annotator"):
        empty = _empty(cells.columns[role])
        if len(empty) and empty.all():
            raise DataError(f"{cells.path}: the column of the {role} is empty in all {len(empty)} rows; name another")
        left_out[f"no {role}"] = int((is_vote & empty).sum())
        is_vote &= ~empty
    return (cells if is_vote.all() else cells.of(is_vote)), left_out


def states_of_no_votes(cells: Sequence[str]) -> list[str]:
    """For each cell of a column ``state`` the reason for which its row is no vote; "" where the row is one.

    A column with other words than those that the toolkit writes is about something else, and leaves no row out.

    >>> states_of_no_votes(["Submitted", " DRAFT", ""]), states_of_no_votes(["Ohio", "draft"])
    (['', 'draft', ''], ['', ''])
    """
    states = [cell.strip().casefold() for cell in cells]
    if not _STATES.issuperset(set(states) - {""}):
        return [""] * len(states)
    return ["" if state == "submitted" else state for state in states]


def as_set(label: str) -> str:
    """A label that lists others, in the order of their names and each once.

    >>> as_set("tax; fish;tax"), as_set("fish | tax"), as_set("tax")
    ('fish | tax', 'fish | tax', 'tax')
    """
    members = {member.strip() for member in re.split(r"[;|]", label)} - {""}
    return JOINT.join(sorted(members)) or label


def _empty(column: Coded) -> Chosen:
    # Names are sorted, and all between "!" and the next space after ASCII begin with no space.
    names = column.names
    doubtful = [*range(bisect_left(names, "!")), *range(bisect_left(names, "\x85"), len(names))]
    blank = [place for place in doubtful if not names[place] or names[place].isspace()]
    return np.isin(column.codes, blank) if blank else np.zeros(len(column.codes), dtype=np.bool_)


def _latest(cells: _Cells) -> Chosen:
    """Which votes are the last of their annotator on their item."""
    import pandas as pd

    annotators = cells.columns["annotator"]
    key = cells.columns["item"].codes * max(len(annotators.names), 1) + annotators.codes
    last = np.ones(len(key), dtype=np.bool_)
    in_order = np.sort(key)
    if not (in_order[1:] == in_order[:-1]).any():
        return last
    several = np.flatnonzero(pd.Series(key).duplicated(keep=False).to_numpy())
    second = int(np.flatnonzero(pd.Series(key).duplicated().to_numpy())[0])
    if "time" not in cells.columns:
        raise _ambiguous(cells, second, "name the column of their times (`--time`)")
    moments = _moments(cells, several)
    order = np.lexsort((moments, key[several]))
    same = key[several][order][1:] == key[several][order][:-1]
    tied = same & (moments[order][1:] == moments[order][:-1]) & ~np.append(same[1:], False)
    if tied.any():
        raise _ambiguous(cells, int(several[order][1:][tied].min()), "both are of the same time: keep one")
    last[several[order][:-1][same]] = False
    return last


def _ambiguous(cells: _Cells, place: int, remedy: str) -> DataError:
    who, what = (column.names[column.codes[place]] for column in (cells.columns["annotator"], cells.columns["item"]))
    return DataError(
        f"{cells.path}, row {cells.row[place]}: a second vote of annotator {who} on item {what}; {remedy}, or count "
        "each as a vote of its own (`--repeats keep`)"
    )


def _moments(cells: _Cells, rows: Ints) -> Floats:
    """When the votes in some rows were given; any unit does."""
    column = cells.columns["time"]
    used = np.unique(column.codes[rows]).tolist()
    texts = [column.names[code] for code in used]
    numbers = [_number(text) for text in texts]
    if any(map(math.isnan, numbers)):
        moments = [timestamp(text) for text in texts]
        numbers = [math.nan if moment is None else moment for moment in moments]
    values = np.full(len(column.names), math.nan)
    values[used] = numbers
    bad = np.flatnonzero(~np.isfinite(values[column.codes[rows]]))
    if len(bad):
        place = rows[bad[0]]
        where, text = f"{cells.path}, row {cells.row[place]}", column.names[column.codes[place]]
        raise DataError(f"{where}: {text!r} is no time; give ISO times such as 2024-07-03T09:30:00Z")
    moments_of_rows: Floats = values[column.codes[rows]]
    return moments_of_rows


def _numbers(cells: _Cells, role: str, name: str) -> Floats:
    """A column of weights."""
    column = cells.columns[role]
    values = np.array([_number(text) for text in column.names])
    wrong = np.flatnonzero(~(values >= 0) | np.isinf(values))
    if len(wrong):
        row = cells.row[np.flatnonzero(column.codes == wrong[0])[0]]
        raise DataError(f"{cells.path}, row {row}: {name} {column.names[wrong[0]]!r}; a weight is a number from 0 up")
    if len(values) and not values[column.codes].any():
        raise DataError(f"{cells.path}: every weight in column {name!r} is 0; an item that counts has a weight above 0")
    return values[column.codes] if len(values) else np.zeros(0)


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return math.nan


# --- cautions --------------------------------------------------------------------------------------------------------


def _label_notes(path: Path, label: Coded, rules: VoteRules) -> tuple[str, ...]:
    """Cautions about labels.

    Raises:
        DataError: a label is not allowed.
    """
    counts = _counts(label)
    if rules.labels:
        wrong = nearest(counts, [*rules.labels, *rules.no_answers])
        if wrong:
            ready = ready_mapping(wrong)
            accept = f"accept with --map {ready}, or name" if ready else "name"
            raise DataError(
                f"{path}: labels that are not among {', '.join(rules.labels)}: {listed(wrong)}; {accept} those that "
                "are no answer with --no-answer"
            )
        return ()
    words, named = words_for_nothing(counts), (*rules.no_answers, *rules.missing)
    missing = [name for name in words if not is_no_answer(name, named)]
    alike = near_duplicates({name: number for name, number in counts.items() if name not in words})
    notes = []
    if missing:
        shown = ", ".join(f"{name!r} ({counts[name]})" for name in missing)
        notes.append(f"labels that may mean no answer: {shown}; if so, --no-answer {shlex.quote(','.join(missing))}")
    if alike:
        notes.append(f"labels that may be others: {listed(alike)}; if so, --map {ready_mapping(alike)}")
    return tuple(notes)


def is_no_answer(label: str, no_answers: Sequence[str]) -> bool:
    """Whether a label is among those that are none, blanks around it aside."""
    return label in no_answers or label.strip() in no_answers


def cautions_about(columns: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    """The cautions about the columns ``item``, ``annotator`` and ``label`` of votes, a cell each."""
    coded = {role: Coded.of(cells) for role, cells in columns.items()}
    return (*_label_notes(Path(), coded["label"], VoteRules()), *_name_notes(coded))


def _name_notes(columns: Mapping[str, Coded]) -> Iterator[str]:
    """Cautions about items and annotators whose names differ by blanks or capitals only."""
    for role in ("annotator", "item"):
        column = columns[role]
        if _is_plain(column.names):
            continue
        alike: dict[str, list[str]] = {}
        for name in column.names:
            alike.setdefault(" ".join(name.split()).casefold(), []).append(name)
        groups = [names for names in alike.values() if len(names) > 1]
        if groups:
            counts = _counts(column)
            shown = "; ".join(", ".join(f"{name!r} ({counts[name]})" for name in names) for names in groups[:_SHOWN])
            more = f" and {len(groups) - _SHOWN} more" if len(groups) > _SHOWN else ""
            yield f"{role}s that differ by blanks or capitals only: {shown}{more}; if they are one, edit the table"


def _is_plain(names: Sequence[str]) -> bool:
    """Whether no name has a blank or a capital, so that no two can differ by those; one look at all names at once."""
    text = "\0".join(names)
    return len(text.split(None, 1)) < 2 and text == text.strip() and text == text.casefold()


def _counts(column: Coded) -> dict[str, int]:
    numbers = np.bincount(column.codes, minlength=len(column.names)).tolist()
    return dict(zip(column.names, numbers, strict=True))
