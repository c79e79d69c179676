"""Keep a text model in one file, and take it up again without running anything that the file brings along."""

import io
import json
import zipfile
import zlib
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from toolkit.baselines.models import TextModel
from toolkit.baselines.training import Trained
from toolkit.errors import DataError
from toolkit.files import read_bytes, written_whole
from toolkit.runs import versions

_METADATA = "metadata.json"  # an entry of the archive that skops does not look at
_SCHEMA = "schema.json"
_BROKEN = (  # what skops, zipfile and msgspec raise on bytes that are not a model file
    zipfile.BadZipFile, zlib.error, EOFError, KeyError, ValueError, TypeError, AttributeError, ImportError,
    NotImplementedError, RuntimeError,
)  # fmt: skip


class ModelMetadata(Struct, frozen=True, kw_only=True):
    """What a model is and was made of."""

    schema: int = 1
    question: str
    labels: tuple[str, ...]
    simulated: bool  # whether any label that it learnt from was simulated
    versions: dict[str, str]
    training_hash: str  # SHA-256 of the rows that it was fitted on
    learnt_from: dict[str, int]  # split -> rows
    signature: str  # of the scores and of the model's settings


class SavedModel(Struct, frozen=True, kw_only=True):
    """A model as it comes from its file."""

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

    _forget_addresses(model)
    packed = _repacked(skops.io.dumps(model.pipeline), metadata)
    with written_whole(path) as beside:
        beside.write_bytes(packed)


def _forget_addresses(model: TextModel) -> None:
    """Drop a cache of scikit-learn's vectorisers that holds an address in memory, which differs by process."""
    for _, vectorizer in model.pipeline.named_steps["features"].transformer_list:
        vars(vectorizer).pop("_stop_words_id", None)


def _repacked(dumped: bytes, metadata: ModelMetadata) -> bytes:
    """An archive of skops without clock times and memory addresses, compressed, with the metadata added."""
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
    """Count objects and files from 1 where skops uses addresses in memory; returns old file name -> new one.

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
    """A model that ``save_model`` wrote.

    Raises:
        DataError: the file is no such model, or holds types that could run code.
        MissingFileError: there is no such file.
    """
    import skops.io

    raw = read_bytes(path, "stance train")
    try:
        untrusted = skops.io.get_untrusted_types(data=raw)
        if not untrusted:
            return _unpacked(raw)
    except _BROKEN as error:
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
    return SavedModel(model=TextModel(labels=metadata.labels, pipeline=pipeline), metadata=metadata)
