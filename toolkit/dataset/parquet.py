"""Rows as typed Parquet files that `datasets` opens offline."""

import json
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from toolkit.codebook import Codebook, Question
from toolkit.dataset.build import DataRow
from toolkit.dataset.columns import ColumnEntry, column_entries, flat_columns, flat_rows
from toolkit.errors import DataError
from toolkit.files import digest, digest_of_file, written_whole
from toolkit.tables.writing import write_people_table

CONFIGS = ("gold", "annotations")
SPLITS = ("train", "validation", "test")
GOLD_TABLE = "gold.csv"  # for R, Stata and spreadsheets: label names in place of numbers

_METADATA = b"huggingface"  # the key of the types in the metadata of a Parquet file
DataRows = Mapping[str, Sequence[DataRow]]  # split -> rows


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
        if question.gold_labels:  # a question of no-answer labels alone has votes and no gold
            features[question.name] = ClassLabel(names=list(question.gold_labels))
        features[f"{question.name}_status"] = Value("string")
        features[f"{question.name}_votes"] = {label: Value("int32") for label in question.label_names}
        if question.gold_labels:
            features[f"{question.name}_soft"] = {label: Value("float64") for label in question.gold_labels}
    return features


def annotation_features(codebook: Codebook) -> dict[str, Any]:
    """The types of the config ``annotations``; labels in codebook order, no-answer labels included."""
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


def dictionary(codebook: Codebook) -> list[ColumnEntry]:
    """What each column of each config holds."""
    features = {"gold": gold_features(codebook), "annotations": annotation_features(codebook)}
    return column_entries(features, codebook)


def write_config(directory: Path, by_split: DataRows, features: Mapping[str, Any]) -> dict[str, int]:
    """Write one Parquet file a split and return how many rows each has; a split without rows has no file."""
    import pyarrow.parquet
    from datasets import Dataset, Features

    written = {}
    for split, rows in by_split.items():
        if not rows:
            continue
        columns = {name: [row[name] for row in rows] for name in features}
        # Written by pyarrow: `to_parquet` draws a progress bar.
        table = Dataset.from_dict(columns, features=Features(dict(features))).with_format("arrow")[:]
        with written_whole(directory / f"{split}.parquet") as part:
            pyarrow.parquet.write_table(_for_every_version(table), part)
        written[split] = len(rows)
    return written


def _for_every_version(table: Any) -> Any:  # noqa: ANN401 - pyarrow has no types
    """A table whose types every version of `datasets` reads: lists by the name that they had before version 4."""
    metadata = dict(table.schema.metadata)
    described = json.loads(metadata[_METADATA])
    described["info"]["features"] = _with_old_names(described["info"]["features"])
    return table.replace_schema_metadata({**metadata, _METADATA: json.dumps(described)})


def _with_old_names(feature: Any) -> Any:  # noqa: ANN401 - a type of `datasets` in JSON
    if not isinstance(feature, dict):
        return feature
    renamed = {name: _with_old_names(part) for name, part in feature.items()}
    return {**renamed, "_type": "Sequence"} if renamed.get("_type") == "List" else renamed


def write_data(directory: Path, gold: DataRows, votes: DataRows, codebook: Codebook) -> None:
    """Write the data files of both configs, all of them or none, and the gold rows once more as a CSV table.

    Args:
        directory: of the dataset.
        gold: the rows of the config ``gold`` by split.
        votes: the rows of the config ``annotations`` by split.
        codebook: has the types of the columns.
    """
    part = directory / ".data.part"
    shutil.rmtree(part, ignore_errors=True)
    write_config(part / "gold", gold, gold_features(codebook))
    write_config(part / "annotations", votes, annotation_features(codebook))
    shutil.rmtree(directory / "data", ignore_errors=True)
    part.rename(directory / "data")
    columns = flat_columns(gold_features(codebook), codebook)
    write_people_table(directory / GOLD_TABLE, flat_rows(gold, codebook), columns)


def config_sizes(directory: Path) -> dict[str, dict[str, int]]:
    """The rows of each split of each config, as the data files hold them.

    Raises:
        DataError: a data file is damaged.
    """
    sizes: dict[str, dict[str, int]] = {}
    for config in CONFIGS:
        paths = ((split, directory / "data" / config / f"{split}.parquet") for split in SPLITS)
        sizes[config] = {split: _rows_in(path) for split, path in paths if path.exists()}
    return {config: splits for config, splits in sizes.items() if splits}


def _rows_in(path: Path) -> int:
    import pyarrow.parquet

    try:
        return int(pyarrow.parquet.read_metadata(path).num_rows)
    except Exception as error:  # pyarrow raises OSError and kinds of its own on damaged bytes
        raise DataError(f"{path}: damaged Parquet ({error}); run `stance build` again") from error


def build_digest(directory: Path) -> str:
    """A hash of the data files of a dataset.

    The card holds it: `datasets` keys its cache by the configs in the card, and without it a rebuilt directory, or
    another one of the same name, would show the old rows.
    """
    inside = sorted((directory / "data").rglob("*.parquet"))
    return digest("".join(f"{path.relative_to(directory)} {digest_of_file(path)}\n" for path in inside))
