"""Writes a text model to one file, and loads it without running code from the file; reads and writes scores."""

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from toolkit.baselines.models import TextModel, predict
from toolkit.baselines.training import ScoresFile, Trained
from toolkit.errors import DataError
from toolkit.files import read_bytes, read_json, written_whole
from toolkit.records import Prediction
from toolkit.runs import versions

_METADATA = "metadata.json"  # an entry of the archive that skops does not look at
_SCHEMA = "schema.json"


class ModelMetadata(Struct, frozen=True, kw_only=True):
    """What a model predicts, and what it was fitted on."""

    schema: int = 1
    question: str
    labels: tuple[str, ...]
    simulated: bool  # whether any label of its training rows is simulated
    versions: dict[str, str]
    training_hash: str  # SHA-256 of the rows that it was fitted on
    learnt_from: dict[str, int]  # split -> rows
    signature: str  # of the scores and of the model's settings


class SavedModel(Struct, frozen=True, kw_only=True):
    """A model and its metadata, as loaded from a file."""

    model: TextModel
    metadata: ModelMetadata


def describe(trained: Trained, question: str, simulated: bool) -> ModelMetadata:
    """The metadata of a model that was just trained."""
    return ModelMetadata(
        question=question,
        labels=trained.model.labels,
        simulated=simulated,
        versions=versions(),
        training_hash=trained.training_hash,
        learnt_from=trained.facts.learnt_from,
        signature=trained.facts.signature,
    )


def save_model(path: Path, model: TextModel, metadata: ModelMetadata) -> None:
    """Write a model and its metadata as one skops file, the same bytes for the same model.

    ``skops.io.load`` reads the file too and returns the bare pipeline.
    """
    import skops.io

    _delete_addresses(model)
    packed = _repacked(skops.io.dumps(model.pipeline), metadata)
    with written_whole(path) as part:
        part.write_bytes(packed)


def _delete_addresses(model: TextModel) -> None:
    """Delete a cache of scikit-learn's vectorisers that holds a memory address, which differs by process."""
    for _, vectorizer in model.pipeline.named_steps["features"].transformer_list:
        vars(vectorizer).pop("_stop_words_id", None)


def _repacked(dumped: bytes, metadata: ModelMetadata) -> bytes:
    """An archive of skops without times and memory addresses, compressed, with the metadata added."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(dumped)) as given, zipfile.ZipFile(out, "w") as packed:
        schema = json.loads(given.read(_SCHEMA))
        files = _renumber(schema, set(given.namelist()))
        for old, new in files.items():
            _add(packed, new, given.read(old))
        _add(packed, _SCHEMA, json.dumps(schema, separators=(",", ":")).encode())
        _add(packed, _METADATA, msgspec.json.encode(metadata))
    return out.getvalue()


def _add(archive: zipfile.ZipFile, name: str, content: bytes) -> None:
    archive.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)


def _renumber(schema: dict[str, Any], names: set[str]) -> dict[str, str]:
    """Replace the memory addresses in a schema of skops by numbers from 1; returns old file name -> new file name.

    A word of the vocabulary may be ``file`` or ``__id__`` too: then the value is a node, neither text nor number.
    """
    ids: dict[int, int] = {}
    files: dict[str, str] = {}
    nodes: list[Any] = [schema]
    while nodes:
        node = nodes.pop()
        if isinstance(node, dict):
            if isinstance(node.get("__id__"), int):
                node["__id__"] = ids.setdefault(node["__id__"], len(ids) + 1)
            if isinstance(node.get("file"), str) and node["file"] in names:
                node["file"] = files.setdefault(node["file"], f"{len(files) + 1}{Path(node['file']).suffix}")
            nodes += node.values()
        elif isinstance(node, list):
            nodes += node
    return files


def load_model(path: Path) -> SavedModel:
    """The model in a file that ``save_model`` wrote.

    Raises:
        DataError: the file is damaged, is no such model, or holds types that could run code.
        MissingFileError: there is no such file.
    """
    import skops.io

    raw = read_bytes(path, "stance train")
    try:
        untrusted = skops.io.get_untrusted_types(data=raw)
        if not untrusted:
            return _unpacked(raw)
    except Exception as error:  # skops, zipfile, zlib, numpy and scikit-learn raise what they like on damaged bytes
        raise DataError(f"{path}: not a model of the toolkit ({error}); `stance train` writes one") from error
    raise DataError(
        f"{path}: not loaded, for it holds types that could run code: {', '.join(map(str, untrusted))}; "
        "use a model that `stance train` wrote"
    )


def _unpacked(raw: bytes) -> SavedModel:
    import skops.io

    with zipfile.ZipFile(io.BytesIO(raw)) as archive:
        metadata = msgspec.json.decode(archive.read(_METADATA), type=ModelMetadata)
    pipeline = skops.io.loads(raw)
    unknown = sorted({str(label) for label in pipeline.classes_} - set(metadata.labels))
    if unknown:
        raise ValueError(f"it predicts {', '.join(unknown)}, which its metadata does not name")
    model = TextModel(labels=metadata.labels, pipeline=pipeline)
    predict(model, {"trial": "a text"})  # arrays of wrong shapes fail now, within the caller's net
    return SavedModel(model=model, metadata=metadata)


# --- scores and predictions ------------------------------------------------------------------------------------------


def read_scores(path: Path) -> ScoresFile:
    """The scores in a ``scores.json``.

    Raises:
        DataError: the file is damaged or holds no scores.
        MissingFileError: there is no such file.
    """
    try:
        return msgspec.convert(read_json(path, "stance train"), ScoresFile)
    except msgspec.ValidationError as error:
        raise DataError(f"{path}: no scores ({error}); run `stance train` again") from error


def prediction_row(prediction: Prediction) -> dict[str, Any]:
    """A prediction as a row of ``predictions.parquet``: ``id``, ``label``, ``fold`` and ``p_LABEL`` for each label."""
    return {
        "id": prediction.id,
        "label": prediction.label,
        "fold": prediction.fold,
        **{f"p_{label}": share for label, share in prediction.scores.items()},
    }
