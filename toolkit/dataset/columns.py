"""The columns of a dataset: their meaning for the card, and the table of gold with the names of labels."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from msgspec import Struct

from toolkit.codebook import Codebook
from toolkit.dataset.build import DataRow
from toolkit.schema import ANNOTATION_COLUMNS, GOLD_COLUMNS, GOLD_SUFFIXES


class ColumnEntry(Struct, frozen=True, kw_only=True):
    """A column in the dictionary of a card."""

    config: str
    name: str
    kind: str  # such as "string", "label", "int32 for each label"
    meaning: str
    labels: tuple[str, ...] = ()  # by their number, from 0


def column_entries(features: Mapping[str, Mapping[str, Any]], codebook: Codebook) -> list[ColumnEntry]:
    """The dictionary of all columns.

    Args:
        features: config -> column -> type of `datasets`, in the order of the file.
        codebook: has the questions.

    Raises:
        KeyError: a column has no meaning here, which a test of all columns excludes.
    """
    return [
        ColumnEntry(
            config=config, name=name, kind=_kind(kind), meaning=_meaning(config, name, codebook), labels=_labels(kind)
        )
        for config, columns in features.items()
        for name, kind in columns.items()
    ]


def _meaning(config: str, name: str, codebook: Codebook) -> str:
    if any(question.name == name for question in codebook.questions):
        return "the gold label; null where unresolved or not asked" if config == "gold" else "the answer"
    fixed = GOLD_COLUMNS if config == "gold" else ANNOTATION_COLUMNS
    if name in fixed:
        return fixed[name]
    return GOLD_SUFFIXES[next(suffix for suffix in GOLD_SUFFIXES if name.endswith(suffix))]


def _kind(kind: Any) -> str:  # noqa: ANN401 - one of the types of `datasets`
    if isinstance(kind, Mapping):
        return f"{_kind(next(iter(kind.values())))} for each label" if kind else "empty"
    inner = getattr(kind, "feature", None) or (kind[0] if isinstance(kind, list) else None)
    if inner is not None:
        return f"list of {_kind(inner)}"
    return "label" if hasattr(kind, "names") else str(kind.dtype)


def _labels(kind: Any) -> tuple[str, ...]:  # noqa: ANN401
    inner = getattr(kind, "feature", None) or (kind[0] if isinstance(kind, list) else kind)
    return tuple(getattr(inner, "names", ()))


def flat_rows(by_split: Mapping[str, Iterable[DataRow]], codebook: Codebook) -> Iterator[dict[str, Any]]:
    """Rows of the config ``gold`` with a column for the split, and one for each count and share of a label.

    Args:
        by_split: split -> rows.
        codebook: has the questions.

    Yields:
        A row with the columns of `flat_columns`, such as ``stance_votes.neutral``.
    """
    parts = _parts(codebook)
    for split, rows in by_split.items():
        for row in rows:
            flat: dict[str, Any] = {"split": split}
            for name, value in row.items():
                labels = parts.get(name)
                flat |= (
                    {name: value}
                    if labels is None
                    else {f"{name}.{label}": (value or {}).get(label) for label in labels}
                )
            yield flat


def flat_columns(columns: Iterable[str], codebook: Codebook) -> list[str]:
    """The columns of `flat_rows`, in the order of the config ``gold``."""
    parts = _parts(codebook)
    names = ["split"]
    for name in columns:
        names += [f"{name}.{label}" for label in parts[name]] if name in parts else [name]
    return names


def _parts(codebook: Codebook) -> dict[str, tuple[str, ...]]:
    """The columns that hold a number for each label, and the labels."""
    votes = {f"{question.name}_votes": question.label_names for question in codebook.choices}
    return votes | {f"{question.name}_soft": question.gold_labels for question in codebook.choices}
