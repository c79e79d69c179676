"""What baselines learn from and are judged on: labelled texts, and which of them serve for what."""

from collections import Counter
from collections.abc import Sequence

import msgspec
from msgspec import Struct

from toolkit.errors import DataError
from toolkit.files import digest
from toolkit.records import Split


class Row(Struct, frozen=True, kw_only=True):
    """A text with its label, as baselines see an example."""

    id: str
    text: str
    label: str | None  # None: unresolved
    cluster: str  # what intervals resample
    group: str  # what is never divided between two folds
    split: Split | None = None


class Material(Struct, frozen=True, kw_only=True):
    """Rows by the use that is made of them, each in the order of id."""

    labels: tuple[str, ...]
    learning: tuple[Row, ...]  # labelled rows that the final models are fitted on
    test: tuple[Row, ...]  # all rows of the split test, labelled or not
    labelled: tuple[Row, ...]  # all rows with one of the labels, whatever their split: those that are cross-validated
    excluded: dict[str, int]  # reason -> rows

    @property
    def learning_splits(self) -> dict[str, int]:
        """How many rows of each split the final models are fitted on; ``none`` where no row has a split."""
        return dict(sorted(Counter(row.split or "none" for row in self.learning).items()))

    @property
    def training_hash(self) -> str:
        """The SHA-256 of what the final models are fitted on."""
        lines = (msgspec.json.encode((row.id, row.text, row.label)) for row in self.learning)
        return digest(b"\n".join(lines), 64)


def sort_out(rows: Sequence[Row], labels: Sequence[str]) -> Material:
    """Divide rows by their use; the order in which they come does not matter.

    The final models are fitted on the splits train and validation, or on all labelled rows where no row
    has a split. Excluded are rows that are ``unresolved`` (no label), ``off_scale`` (a label that is not
    among those named) and ``no_split`` (labelled, and left out of the splits: cross-validated only).

    Raises:
        DataError: two rows share an id, or the labelled rows to fit on are none or have one label only.
    """
    ordered = tuple(sorted(rows, key=lambda row: row.id))
    _check_ids(ordered)
    fitted_on = {"train", "validation"} if any(row.split for row in ordered) else {None}
    labelled = tuple(row for row in ordered if row.label in labels)
    learning = tuple(row for row in labelled if row.split in fitted_on)
    _check_learning(learning, ordered, labels)
    return Material(
        labels=tuple(labels),
        learning=learning,
        test=tuple(row for row in ordered if row.split == "test"),
        labelled=labelled,
        excluded=_excluded(ordered, labels),
    )


def _excluded(rows: Sequence[Row], labels: Sequence[str]) -> dict[str, int]:
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


def _check_ids(rows: Sequence[Row]) -> None:
    for row_id, count in Counter(row.id for row in rows).items():
        if count > 1:
            raise DataError(f"row {row_id!r}: the id stands {count} times; give each row an id of its own")


def _check_learning(learning: Sequence[Row], rows: Sequence[Row], labels: Sequence[str]) -> None:
    named = ", ".join(labels)
    if not learning:
        found = ", ".join(sorted({repr(row.label) for row in rows if row.label is not None})) or "none"
        splits = ", ".join(sorted({row.split or "no split" for row in rows})) or "none"
        raise DataError(
            f"training rows: none with one of the labels {named} (labels in the {len(rows)} rows: {found}; splits: "
            f"{splits}); label rows of the split train, or name the labels that the rows have"
        )
    found_labels = {row.label for row in learning}
    if len(found_labels) == 1:
        raise DataError(
            f"training rows: all {len(learning)} have the label {learning[0].label!r}, so there is nothing to learn; "
            f"label rows of the split train until two of {named} occur"
        )
