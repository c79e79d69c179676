"""What made a file: one line a run of a step in ``runs.jsonl``; and how what is not installed is installed."""

import hashlib
import importlib.metadata
import importlib.util
import os
import platform
import shlex
import subprocess
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from toolkit.errors import DataError
from toolkit.files import append_jsonl, digest, digest_of_file, read_log

Progress = Callable[[str, int, int], None]  # what is done, how much of it, out of how many (0: unknown)

ACCEPTED = "check --accept"  # the step of a run in which a person recorded a file that was repaired
FACTS_SCHEMA = 2  # of the names in facts; 1 had those of version 0.1.0


def silent(what: str, done: int, total: int) -> None:
    """Ignores progress."""


class ResultTable(Struct, frozen=True, kw_only=True):
    """A table of a result, for a person."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


class Result(Struct, frozen=True, kw_only=True):
    """What a step returns: its fields are the facts that ``--json`` prints, its line is for a person."""

    def line(self) -> str:
        """The result in one line; further lines are details."""
        raise NotImplementedError

    def tables(self) -> tuple[ResultTable, ...]:
        """The tables that a person reads after the line; none unless a step has some."""
        return ()

    def facts(self) -> dict[str, Any]:
        """The fields as JSON holds them, with the version of their names."""
        return {"schema": FACTS_SCHEMA, **msgspec.to_builtins(self)}


class Run(Struct, frozen=True, kw_only=True):
    """One run of a step."""

    step: str
    time: str  # ISO 8601, UTC
    versions: dict[str, str]
    seed: int
    commit: str | None  # of the workspace, with "+" where files differ from it
    inputs: dict[str, str]  # path relative to the workspace -> SHA-256
    outputs: dict[str, str]
    facts: dict[str, Any] = {}


def versions() -> dict[str, str]:
    """Python and the packages whose version can change a result."""
    named = ("stance-toolkit", "scikit-learn", "numpy", "datasets", "label-studio-sdk")
    return {"python": platform.python_version(), **{name: importlib.metadata.version(name) for name in named}}


def commit_of(root: Path) -> str | None:
    """The git commit of a workspace, or None where there is none."""
    command = ["git", "-C", str(root), "describe", "--always", "--abbrev=12", "--dirty=+", "--exclude=*"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=10, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() or None


def digests(paths: Iterable[Path], root: Path) -> dict[str, str]:
    """The hash of each file; of a directory, that of its files' names and hashes."""
    hashes = {}
    for path in paths:
        name = os.path.relpath(path, root)
        if path.is_dir():
            inside = sorted(p for p in path.rglob("*") if p.is_file() and not p.name.startswith("."))
            hashes[name] = digest("".join(f"{p.relative_to(path)} {digest_of_file(p)}\n" for p in inside), 64)
        elif path.exists():
            hashes[name] = digest_of_file(path)
    return hashes


def record_run(log: Path, run: Run) -> None:
    """Append a run to the log."""
    append_jsonl(log, [run])


def read_runs(log: Path) -> list[Run]:
    """All runs, oldest first; a last line that an interrupted run left unfinished is passed over.

    Raises:
        DataError: a line is damaged.
    """
    if not log.exists():
        return []
    return read_log(log, Run)


def last_run(log: Path, step: str) -> Run | None:
    """The latest run of a step, or None."""
    return next((run for run in reversed(read_runs(log)) if run.step == step), None)


# --- whether a file is as it was left --------------------------------------------------------------------------------


def last_writer(log: Path, name: str) -> Run | None:
    """The latest run that left a file, by its path relative to the workspace, or None."""
    return next((run for run in reversed(read_runs(log)) if name in run.outputs), None)


def check_recorded(log: Path, path: Path, root: Path, *, appended: bool) -> None:
    """Refuse a file that is not as the last run left it: cut off, emptied or edited.

    Args:
        log: ``runs.jsonl``; a file that no run has left is not checked.
        path: the file or directory; one that is missing is not checked.
        root: of the workspace.
        appended: whether lines may have been added since, by a verb that was interrupted or still runs.

    Raises:
        DataError: it is not; the message names the run and the remedy.
    """
    name = os.path.relpath(path, root)
    run = last_writer(log, name) if path.exists() else None
    if run is None or digests([path], root).get(name) == run.outputs[name]:
        return
    if appended and path.is_file() and _begins_as(path, run.outputs[name]):
        return
    again = f"run `stance {run.step}` again" if not appended and run.step != ACCEPTED else "restore it"
    raise DataError(
        f"{path}: not as `stance {run.step}` left it at {run.time[:19]}Z, by its hash in {log.name}; {again}, or if it "
        f"was changed on purpose record that with `stance check CAMPAIGN --accept {os.path.relpath(path, log.parent)}`"
    )


def _begins_as(path: Path, recorded: str) -> bool:
    """Whether the first lines of a file have a hash."""
    hashed = hashlib.sha256()
    if hashed.hexdigest() == recorded:
        return True
    with path.open("rb") as handle:
        for line in handle:
            hashed.update(line)
            if hashed.hexdigest() == recorded:
                return True
    return False


# --- what is not installed --------------------------------------------------------------------------------------------


def install_command(extra: str) -> str:
    """Return the shell command that adds an extra to the running Python, in the tested versions where they are known.

    It names the requirements in place of the package, so that it works wherever the package came from.
    """
    markers = (f"extra == '{extra}'", f'extra == "{extra}"')
    parts = [line.partition(";") for line in importlib.metadata.requires("stance-toolkit") or ()]
    requirements = [requirement.strip() for requirement, _, marker in parts if marker.strip() in markers]
    package = Path(__file__).parent  # the wheel carries the constraints inside, a checkout has them above
    paths = (package / "constraints.txt", package.parent / "constraints.txt")
    tested = next((["-c", str(path)] for path in paths if path.exists()), [])
    if importlib.util.find_spec("pip") is None:
        return shlex.join(["uv", "pip", "install", "--python", sys.executable, *tested, *requirements])
    pip = [sys.executable, "-m", "pip", "install"]
    return f"{shlex.join([*pip, '-U', 'pip'])} && {shlex.join([*pip, *tested, *requirements])}"
