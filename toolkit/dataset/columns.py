"""The columns of a dataset: their meaning for the card, and the table of gold with the names of labels."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from msgspec import Struct

from toolkit.codebook import Codebook
from toolkit.dataset.build import DataRow

_GOLD = {
    "id": "the row; `item_id` of the config `annotations`",
    "article_id": "the article",
    "article_version": "the wording of the article that the offsets are of",
    "unit": "the unit that was judged: paragraph, article or headline",
    "target": "whom or what the paragraph was judged towards",
    "outlet": "where the article appeared",
    "origin": "the agency that the text comes from, where the article names one",
    "published": "date of the article, ISO 8601",
    "language": "of the article, ISO 639-1",
    "country": "of the outlet, ISO 3166",
    "role": "of the paragraph: lead, body, quote, list",
    "text": "the paragraph",
    "headline": "of the article, as annotators saw it",
    "previous": "the paragraph before it",
    "next": "the paragraph after it",
    "stratum": "the stratum that it was drawn from",
    "start": "first character of the paragraph in the article, in code points from 0",
    "end": "the character after its last one",
    "propensity": "the chance of being drawn; 1 over it is the weight",
    "cluster": "articles that are copies of each other have the same",
}
_ANNOTATIONS = {
    "item_id": "the `id` of a row of the config `gold`",
    "annotator": "pseudonym",
    "annotator_kind": "human, model, rule or simulated",
    "state": "submitted, skipped, draft or deleted",
    "counted": "whether gold and agreement rest on it",
    "assigned_by": "what asked for the answer: design, tiebreak, selection or adjudication",
    "flags": "what is unusual about it, such as not_blind",
    "seconds": "time spent on the item",
    "created": "when it was first saved, ISO 8601, UTC",
    "updated": "when it was last saved, ISO 8601, UTC",
    "codebook": "name, version and hash of the codebook that the annotator saw",
}
_OF_QUESTION = {
    "_status": "how the label came about: single, unanimous, majority, model, adjudicated or unresolved",
    "_votes": "votes for each label, those for no-answer labels among them",
    "_soft": "share of each label among the votes that are answers",
}


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
    fixed = _GOLD if config == "gold" else _ANNOTATIONS
    if name in fixed:
        return fixed[name]
    return _OF_QUESTION[next(suffix for suffix in _OF_QUESTION if name.endswith(suffix))]


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
