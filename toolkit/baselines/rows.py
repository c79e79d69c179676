"""Labelled texts as baselines read them, and the division of rows into training and test rows."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec
from msgspec import Struct

from toolkit.errors import DataError
from toolkit.files import digest
from toolkit.records import ASKED_ROLES, Article, Example, Split
from toolkit.segmentation.segmenter import segment_article
from toolkit.tables import cell_texts
from toolkit.words import plural

_SPLITS = ("train", "validation", "test")


class TextRow(Struct, frozen=True, kw_only=True):
    """A text with its label."""

    id: str
    text: str
    label: str | None  # None: unresolved
    cluster: str  # the unit that intervals resample
    group: str  # rows of one group are never divided between folds
    split: Split | None = None


class RowsByUse(Struct, frozen=True, kw_only=True):
    """Rows by their use, in the order of their ids."""

    labels: tuple[str, ...]
    learning: tuple[TextRow, ...]  # labelled rows that the final models are fitted on
    test: tuple[TextRow, ...]  # all rows of the split test, labelled or not
    labelled: tuple[TextRow, ...]  # rows with one of the labels, of any split: those that are cross-validated
    excluded: dict[str, int]  # reason -> rows

    @property
    def learning_splits(self) -> dict[str, int]:
        """The rows of each split that the final models are fitted on; ``none`` where no row has a split."""
        return dict(sorted(Counter(row.split or "none" for row in self.learning).items()))

    @property
    def training_hash(self) -> str:
        """The SHA-256 of the rows that the final models are fitted on."""
        lines = (msgspec.json.encode((row.id, row.text, row.label)) for row in self.learning)
        return digest(b"\n".join(lines), 64)


def divide_rows(rows: Sequence[TextRow], labels: Sequence[str]) -> RowsByUse:
    """Divide rows by their use; the order of the input does not matter.

    The final models are fitted on the splits train and validation, or on all labelled rows where no row has a split.
    Excluded rows are ``unresolved`` (no label), ``off_scale`` (a label that is not among the given ones) or
    ``no_split`` (labelled, but in no split: cross-validated only).

    Raises:
        DataError: two rows share an id, no labelled row can be fitted on, or all of these have the same label.
    """
    ordered = tuple(sorted(rows, key=lambda row: row.id))
    _check_ids(ordered)
    fitted_on = {"train", "validation"} if any(row.split for row in ordered) else {None}
    labelled = tuple(row for row in ordered if row.label in labels)
    learning = tuple(row for row in labelled if row.split in fitted_on)
    _check_learning(learning, ordered, labels)
    return RowsByUse(
        labels=tuple(labels),
        learning=learning,
        test=tuple(row for row in ordered if row.split == "test"),
        labelled=labelled,
        excluded=_excluded(ordered, labels),
    )


def _excluded(rows: Sequence[TextRow], labels: Sequence[str]) -> dict[str, int]:
    divided = any(row.split for row in rows)
    reasons: Counter[str] = Counter()
    for row in rows:
        if row.label is None:
            reasons["unresolved"] += 1
        elif row.label not in labels:
            reasons["off_scale"] += 1
        elif divided and row.split is None:
            reasons["no_split"] += 1
    return dict(sorted(reasons.items()))


def _check_ids(rows: Sequence[TextRow]) -> None:
    for row_id, count in Counter(row.id for row in rows).items():
        if count > 1:
            raise DataError(f"row {row_id!r}: {count} rows have this id; give each row an id of its own")


def _check_learning(learning: Sequence[TextRow], rows: Sequence[TextRow], labels: Sequence[str]) -> None:
    allowed = ", ".join(labels)
    if not learning:
        present = ", ".join(sorted({repr(row.label) for row in rows if row.label is not None})) or "none"
        splits = ", ".join(sorted({row.split or "no split" for row in rows})) or "none"
        raise DataError(
            f"training rows: none has one of the labels {allowed} (labels in {plural(len(rows), 'row')}: {present}; "
            f"splits: {splits}); label rows of the split train, or give the labels that the rows have"
        )
    if len({row.label for row in learning}) == 1:
        raise DataError(
            f"training rows: all {len(learning)} have the label {learning[0].label!r}, so there is nothing to learn; "
            f"label rows of the split train until two of {allowed} occur"
        )


# --- the dataset of a campaign ---------------------------------------------------------------------------------------


def example_rows(examples: Iterable[Example], question: str) -> list[TextRow]:
    """The rows of a dataset with the labels of one question."""
    return [
        TextRow(
            id=example.id,
            text=example.text,
            label=example.answers[question].label,
            cluster=example.cluster,
            group=example.cluster,
            split=example.split,
        )
        for example in examples
    ]


# --- tables and articles of the user's own ---------------------------------------------------------------------------


class LabelTable(Struct, frozen=True, kw_only=True):
    """The rows of a table, and the name of its file for messages."""

    source: str
    rows: Sequence[Mapping[str, Any]]

    def has(self, name: str) -> bool:
        """Whether the table has a column."""
        return any(name in row for row in self.rows)

    def column(self, name: str) -> list[Any]:
        """The cells of a column.

        Raises:
            DataError: there is no such column; the message lists the columns of the table.
        """
        if self.rows and not self.has(name):
            names = dict.fromkeys(str(key) for row in self.rows for key in row)
            raise DataError(f"{self.source}: no column {name!r}; the table has {', '.join(names)}")
        return [row.get(name) for row in self.rows]

    def texts(self, name: str) -> list[str]:
        """The cells of a column as text, in the one reading of all formats; an empty one is "".

        Raises:
            DataError: there is no such column, or a cell is neither a text, a number nor a list.
        """
        return cell_texts(self.column(name), f"{self.source}: column {name!r}")

    def labels(self, name: str) -> list[str | None]:
        """The labels of a column; None where the cell is empty or blank."""
        return [text if text.strip() else None for text in self.texts(name)]

    def only(self, chosen: Iterable[bool]) -> "LabelTable":
        """The table with the chosen rows."""
        rows = [row for row, is_chosen in zip(self.rows, chosen, strict=True) if is_chosen]
        return LabelTable(source=self.source, rows=rows)


class TrainColumns(Struct, frozen=True, kw_only=True):
    """The columns of a table of labelled texts, and the labels to learn."""

    text: str = "text"
    label: str = "label"
    id: str | None = None  # None: the number of the row
    group: str | None = None  # None: each row is its own group
    cluster: str | None = None  # None: the group
    split: str | None = None  # None: all rows are fitted on, and only folds are scored
    labels: tuple[str, ...] = ()  # none: all labels in the table
    polar: tuple[str, ...] = ()


def table_rows(table: LabelTable, columns: TrainColumns) -> list[TextRow]:
    """The rows of a table of labelled texts; an empty label or split is none.

    Raises:
        DataError: a column is missing, or a split is none of train, validation, test.
    """
    ids = table.texts(columns.id) if columns.id else _numbers(table)
    groups = table.texts(columns.group) if columns.group else ids
    clusters = table.texts(columns.cluster) if columns.cluster else groups
    splits = table.column(columns.split) if columns.split else [None] * len(table.rows)
    for number, split in enumerate(splits, 1):
        if split not in (None, "", *_SPLITS):
            raise DataError(f"{table.source}, row {number}: split {split!r}; allowed: {', '.join(_SPLITS)} or nothing")
    cells = zip(table.column(columns.text), table.labels(columns.label), ids, groups, clusters, splits, strict=True)
    return [
        TextRow(
            id=row_id,
            text=str(text or ""),
            label=label,
            cluster=cluster,
            group=group,
            split=split or None,
        )
        for text, label, row_id, group, cluster, split in cells
    ]


def _numbers(table: LabelTable) -> list[str]:
    return [str(number) for number in range(1, len(table.rows) + 1)]


TextCells = dict[str, Any]  # the columns of a text to predict: id, text, and its place in the article


def table_texts(table: LabelTable, text: str, row_id: str | None) -> dict[str, TextCells]:
    """The texts of a table by id.

    Args:
        table: one row a text.
        text: the column of the text.
        row_id: the column of the id; None: the column ``id``, or the number of the row where there is none.

    Raises:
        DataError: a column is missing, or an id is repeated.
    """
    texts = table.column(text)
    column = row_id or ("id" if table.has("id") else None)
    ids = table.texts(column) if column else _numbers(table)
    if len(set(ids)) < len(ids):
        raise DataError(f"{table.source}: the column {column!r} repeats an id; give a column of distinct ids with --id")
    return {key: {"id": key, "text": str(value or "")} for key, value in zip(ids, texts, strict=True)}


def article_texts(articles: Iterable[Article]) -> dict[str, TextCells]:
    """The paragraphs of articles by id, of the roles that annotators are asked about by default."""
    return {
        paragraph.id: {
            "id": paragraph.id,
            "article_id": paragraph.article_id,
            "start": paragraph.start,
            "end": paragraph.end,
            "text": paragraph.text,
        }
        for article in articles
        for paragraph in segment_article(article)
        if paragraph.role in ASKED_ROLES
    }
