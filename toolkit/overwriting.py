"""Refuses an output that would replace what a person or a campaign has given."""

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from toolkit.errors import ToolkitError, UsageError
from toolkit.workspace import read_campaign

_DERIVED = ("dataset", "baseline", "releases")  # directories of a campaign that its verbs write
_FILES = frozenset(
    {
        "adjudication_requests", "adjudications", "agreement", "annotations", "annotators", "assignments", "clusters",
        "codebooks", "dropped", "frame", "gold", "items", "outdated", "paragraphs", "pull", "runs", "sheets", "splits",
        "studio", "versions", "withdrawn",
    }
)  # fmt: skip
_BESIDE = (".dropped.jsonl", ".key.csv")  # what was left out; which rows of a sheet are random
_MARKS = (".dropped.jsonl", ".keys.json")  # files beside an output that only `ingest` and `pull` write
_INSIDE = ("model.skops", "predictions.parquet", "scores.json")  # of a trained baseline
_NOT_TABLES = ("label_config.xml", "report.html")


def check_output(output: Path, options: Mapping[str, Any]) -> None:
    """Refuse an output that is an input of the same command, or a file that belongs to a campaign.

    Args:
        output: a file or a directory that the command would write.
        options: the other options and arguments of the command by name; those that name a file or a directory are
            its inputs.

    Raises:
        UsageError: nothing was written.
    """
    written = list(_written_with(output))
    for path in _inputs(options):
        if any(_is_same(file, path) for file in written):
            raise UsageError(f"-o {output}: the input {path} would be lost; name another file")
        if path.is_dir() and _exists(output) and _contains(path, output) and not _is_written_by_us(output):
            raise UsageError(f"-o {output}: this file lies in the input {path} and would be lost; name another file")
    foreign = [output / name for name in _INSIDE if _exists(output / name)]
    if foreign and not _is_trained_by_us(output / "scores.json"):
        raise UsageError(
            f"-o {output}: {foreign[0]} is not of `stance train` and would be lost; name another directory"
        )
    owner = _campaign_of(output)
    if owner is not None:
        raise UsageError(
            f"-o {output}: this is a file of the campaign in {owner}, which only the verbs of the campaign write; "
            "name another file"
        )


def _inputs(options: Mapping[str, Any]) -> Iterator[Path]:
    for value in options.values():
        for part in value if isinstance(value, list | tuple) else [value]:
            if isinstance(part, Path | str):
                yield from _named_paths(part)


def _named_paths(value: Path | str) -> Iterator[Path]:
    """The files that a value of an option names: itself, ``name=FILE``, and what a campaign file names."""
    texts = [str(value)] if isinstance(value, Path) else [value, value.partition("=")[2]]
    for path in map(Path, filter(None, texts)):
        if _exists(path):
            yield path
            if path.suffix == ".toml":
                yield from _campaign_inputs(path)


def _campaign_inputs(path: Path) -> Iterator[Path]:
    try:
        campaign = read_campaign(path)
    except ToolkitError:
        return  # the verb says what is wrong with it
    yield campaign.beside(campaign.file.codebook)
    yield campaign.beside(campaign.file.targets_file)
    yield from campaign.article_files


def _written_with(output: Path) -> Iterator[Path]:
    """An output and the files that verbs write beside it, or in it."""
    yield output
    for end in _BESIDE:
        yield output.with_name(f"{output.stem}{end}")
    for name in _INSIDE:
        yield output / name


def _is_written_by_us(output: Path) -> bool:
    """Whether a file in an input folder is what the same command wrote there before."""
    return any(_exists(output.with_name(f"{output.stem}{end}")) for end in _MARKS)


def _is_trained_by_us(scores: Path) -> bool:
    """Whether a file holds the scores of a baseline, so that the files beside it may be written again."""
    try:
        facts = json.loads(scores.read_bytes())
    except (OSError, ValueError, RecursionError):
        return False
    return isinstance(facts, dict) and "signature" in facts


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:  # a name too long, a loop of links
        return False


def _is_same(one: Path, other: Path) -> bool:
    """Whether two names are of one file, by links or by capitals too."""
    if _exists(one) and _exists(other):
        return one.samefile(other)
    return os.path.realpath(one) == os.path.realpath(other)


def _contains(directory: Path, path: Path) -> bool:
    return Path(os.path.realpath(directory)) in Path(os.path.realpath(path)).parents


def _campaign_of(output: Path) -> Path | None:
    """The directory of the campaign that an output belongs to, or None."""
    path = Path(os.path.realpath(output))
    for directory in (path, *path.parents):
        if directory.parent.name == "labeled" or _exists(directory / "runs.jsonl"):
            return output if directory == path else directory if _is_own(path.relative_to(directory).parts) else None
    return None


def _is_own(parts: Sequence[str]) -> bool:
    """Whether a path inside a campaign's directory is one that its verbs write."""
    name = parts[0].lower()
    if name in _DERIVED or name in _NOT_TABLES or name.startswith((".", "keys.")):
        return True
    stem, dot, end = name.partition(".")
    return len(parts) == 1 and bool(dot) and stem in _FILES and end in ("json", "jsonl")
