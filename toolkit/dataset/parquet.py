"""Rows as typed Parquet files that `datasets` opens offline."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from toolkit.codebook import Codebook, Question
from toolkit.dataset.build import DataRow
from toolkit.files import digest, digest_of_file, written_whole

CONFIGS = ("gold", "annotations")
SPLITS = ("train", "validation", "test")


def gold_features(codebook: Codebook) -> dict[str, Any]:
    """The types of the config ``gold``; labels in codebook order, null where unresolved or not asked."""
    from datasets import ClassLabel, Value

    text = (
        "id article_id article_version unit target outlet origin published language country role text headline "
        "previous next stratum"
    )
    features = {name: Value("string") for name in text.split()}
    features |= {"start": Value("int64"), "end": Value("int64")}
    features |= {"propensity": Value("float64"), "cluster": Value("string")}
    for question in codebook.choices:
        features[question.name] = ClassLabel(names=list(question.gold_labels))
        features[f"{question.name}_status"] = Value("string")
        features[f"{question.name}_votes"] = {label: Value("int32") for label in question.label_names}
        features[f"{question.name}_soft"] = {label: Value("float64") for label in question.gold_labels}
    return features


def annotation_features(codebook: Codebook) -> dict[str, Any]:
    """The types of the config ``annotations``; labels in codebook order, no-answer ones among them."""
    from datasets import List, Value

    features: dict[str, Any] = {name: Value("string") for name in ("item_id", "annotator", "annotator_kind", "state")}
    features |= {"counted": Value("bool"), "assigned_by": Value("string"), "flags": List(Value("string"))}
    features |= {"seconds": Value("float64")}
    features |= {name: Value("string") for name in ("created", "updated", "codebook")}
    for question in codebook.questions:
        kind = _answer_feature(question)
        if kind is not None:
            features[question.name] = kind
    return features


def _answer_feature(question: Question) -> Any:  # noqa: ANN401 - one of the types of `datasets`
    from datasets import ClassLabel, List, Value

    if question.kind == "choice":
        return ClassLabel(names=list(question.label_names))
    if question.kind == "choices":
        return List(ClassLabel(names=list(question.label_names)))
    return Value("int32") if question.kind == "rating" else None


def write_config(directory: Path, by_split: Mapping[str, Sequence[DataRow]], features: Mapping[str, Any]) -> dict[str, int]:
    """Write one Parquet file a split and return how many rows each has; a split without rows has no file."""
    import pyarrow.parquet
    from datasets import Dataset, Features

    written = {}
    for split, rows in by_split.items():
        if not rows:
            continue
        columns = {name: [row[name] for row in rows] for name in features}
        # Written by pyarrow: `to_parquet` draws a progress bar, which is not a library's to do.
        table = Dataset.from_dict(columns, features=Features(dict(features))).with_format("arrow")[:]
        with written_whole(directory / f"{split}.parquet") as beside:
            pyarrow.parquet.write_table(table, beside)
        written[split] = len(rows)
    return written


def build_digest(directory: Path) -> str:
    """A hash of the data files of a dataset.

    It stands in the card: `datasets` keys its cache by the card's configs, and without it a rebuilt directory, or
    another one of the same name, would show old rows.
    """
    inside = sorted((directory / "data").rglob("*.parquet"))
    return digest("".join(f"{path.relative_to(directory)} {digest_of_file(path)}\n" for path in inside))
