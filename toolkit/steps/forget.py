"""The step that erases what a person gave: whole or not at all, under the campaign's locks, resumed if interrupted.

First every new file is written beside the old one; then a plan says so; only then are they put in place. Whoever finds
the plan finishes it.
"""

import contextlib
import os
import re
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import msgspec
from msgspec import Struct

from toolkit.errors import DataError, UsageError
from toolkit.exchange.submissions import is_plain_name
from toolkit.files import append_jsonl, locked, read_json, write_json
from toolkit.labels.erasure import (
    Cleaned,
    Tombstone,
    name_trace,
    people_in,
    traces_in,
    without_annotations,
    without_key,
    without_lines,
    without_mentions,
)
from toolkit.steps.common import Outcome
from toolkit.steps.tombstones import TOMBSTONES, marked, tombstones_in
from toolkit.studio.server.connection import server_keys, studio_directory, studio_file_of
from toolkit.times import now
from toolkit.workspace import CampaignConfig

_PLAN = "forget.json"
_PERSON = {
    "annotations.jsonl": "annotator",
    "adjudications.jsonl": "adjudicator",
    "adjudication_requests.jsonl": "adjudicator",
    "annotators.jsonl": "pseudonym",
    "assignments.jsonl": "annotator",
    "sheets.jsonl": "annotator",
}
_STALE = ("agreement.json", "gold.jsonl", "guideline_gaps.csv", "dataset", "baseline", "report.html", "releases")
_READABLE = 1 << 28  # bytes of a file that is searched for the name
_PACKED = (".zip", ".tar", ".gz", ".tgz", ".xz", ".bz2", ".zst")


class _Change(Struct, frozen=True, kw_only=True):
    path: str  # absolute
    beside: str  # where its new content lies
    removed: int
    kind: str  # "annotations", "adjudications", "keys", "other"
    backup: bool


class _Plan(Struct, frozen=True, kw_only=True):
    time: str
    pseudonym: str
    changes: tuple[_Change, ...]
    salt: str
    marks: tuple[str, ...]


def forget_step(campaign: CampaignConfig, pseudonym: str) -> Outcome:
    """Erase a person's answers, comments and key, and leave a counted tombstone."""
    if not is_plain_name(pseudonym):
        raise UsageError(f"{pseudonym}: a pseudonym of small letters, digits and hyphens is needed")
    with _all_locks(campaign):
        resumed = _finish(campaign)
        if resumed is None or resumed.pseudonym != pseudonym:
            _prepare(campaign, pseudonym)
            plan = _finish(campaign)
        else:
            plan = resumed
    return _outcome(campaign, plan, pseudonym)


@contextlib.contextmanager
def _all_locks(campaign: CampaignConfig) -> Iterator[None]:
    names = ("pull", "adjudicate", *_PERSON, "runs.jsonl")
    with contextlib.ExitStack() as stack:
        for name in names:
            stack.enter_context(locked(campaign.at(name)))
        yield


# --- what is to change -----------------------------------------------------------------------------------------------


def _prepare(campaign: CampaignConfig, pseudonym: str) -> None:
    """Write every changed file beside the old one, then the plan; before the plan stands nothing has happened."""
    _check_known(campaign, pseudonym)
    changes = []
    for path, kind, clean in _files(campaign, pseudonym):
        cleaned = clean(path.read_bytes())
        beside = path.with_name(f".{path.name}.forget")
        beside.unlink(missing_ok=True)  # of an attempt that never had a plan
        if cleaned.removed or cleaned.redacted:
            _write(beside, cleaned.data, path.stat().st_mode & 0o777)
            changes.append(
                _Change(
                    path=str(path),
                    beside=str(beside),
                    removed=cleaned.removed,
                    kind=kind,
                    backup=_backups(campaign) in path.parents,
                )
            )
    salt, marks = marked(_traces(campaign, pseudonym), tombstones_in(campaign.at(TOMBSTONES)))
    plan = _Plan(time=now(), pseudonym=pseudonym, changes=tuple(changes), salt=salt, marks=marks)
    write_json(campaign.at(_PLAN), plan, mode=0o600)


def _traces(campaign: CampaignConfig, pseudonym: str) -> set[str]:
    """All by which an answer of a person can be told when it comes again: name, addresses, accounts."""
    pushed = campaign.at("studio.json").exists()
    server = studio_file_of(campaign).server if pushed else ""
    found = {name_trace(pseudonym)}
    for path in _key_files(campaign):
        # The accounts that a file numbers are those of one server: ours, or the one that its name is made from.
        directory = studio_directory(campaign.root)
        own = server_keys(directory, server) if server and server_keys(directory, server).exists() else None
        numbered = path.parent == campaign.directory or path == (own or directory / "keys.json")
        found |= traces_in(path.read_bytes(), pseudonym, server if numbered else "")
    return found


def _key_files(campaign: CampaignConfig) -> list[Path]:
    directories = (campaign.directory, studio_directory(campaign.root))
    return [path for directory in directories for path in sorted(directory.glob("keys*.json"))]


def _write(path: Path, data: bytes, mode: int) -> None:
    path.touch(mode=mode)
    with path.open("wb") as handle:
        handle.write(data)
        handle.flush()
        os.fsync(handle.fileno())


def people_of(campaign: CampaignConfig) -> set[str]:
    """Everybody whom the files of a campaign name where they say who gave or was asked what."""
    known: set[str] = set()
    for name, field in _PERSON.items():
        if campaign.at(name).exists():
            known |= people_in(campaign.at(name).read_bytes(), [field])
    return known


def _check_known(campaign: CampaignConfig, pseudonym: str) -> None:
    known = people_of(campaign)
    if pseudonym not in known:
        raise DataError(f"{campaign.directory}: nobody is called {pseudonym!r}; there are {', '.join(sorted(known))}")


def _files(campaign: CampaignConfig, pseudonym: str) -> Iterator[tuple[Path, str, Callable[[bytes], Cleaned]]]:
    """The files that may hold something of a person, here and in backups, each with what cleans it."""
    backups = _backups(campaign)
    copies = sorted(path for path in backups.rglob("*") if path.is_file()) if backups.is_dir() else []
    for path in [*sorted(campaign.directory.glob("*.json*")), *copies]:
        kind = path.name.removesuffix(".jsonl")
        if path.name == "annotations.jsonl":
            yield path, kind, partial(without_annotations, field=_PERSON[path.name], pseudonym=pseudonym)
        elif path.name in _PERSON:
            yield path, kind, partial(without_lines, field=_PERSON[path.name], pseudonym=pseudonym)
        elif path.name.startswith("keys") and path.suffix == ".json":
            yield path, "keys", partial(without_key, pseudonym=pseudonym)
        elif path.name == "runs.jsonl":
            yield path, "other", partial(without_mentions, pseudonym=pseudonym)
    if not _elsewhere(campaign, pseudonym):
        for path in sorted(studio_directory(campaign.root).glob("keys*.json")):
            yield path, "keys", partial(without_key, pseudonym=pseudonym)


def _backups(campaign: CampaignConfig) -> Path:
    return campaign.root / "data" / "backups"


def _elsewhere(campaign: CampaignConfig, pseudonym: str) -> list[str]:
    """Other campaigns of the workspace that know the person."""
    ledgers = sorted((campaign.root / "data" / "labeled").glob("*/annotations.jsonl"))
    others = [path for path in ledgers if path.parent != campaign.directory]
    return [path.parent.name for path in others if pseudonym in people_in(path.read_bytes(), ["annotator"])]


# --- doing it --------------------------------------------------------------------------------------------------------


def _finish(campaign: CampaignConfig) -> _Plan | None:
    """Put in place what a plan names and leave a tombstone; None where there is no plan."""
    path = campaign.at(_PLAN)
    if not path.exists():
        return None
    try:
        plan = msgspec.convert(read_json(path), _Plan)
    except msgspec.ValidationError as error:
        raise DataError(f"{path}: {error}; restore the file, or delete it and run the same command again") from error
    for change in plan.changes:
        beside = Path(change.beside)
        if beside.exists():
            beside.replace(change.path)
    campaign.at("pull.json").unlink(missing_ok=True)  # it counts what the ledger had
    _leave_tombstone(campaign, plan)
    path.unlink()
    return plan


def _leave_tombstone(campaign: CampaignConfig, plan: _Plan) -> None:
    """One tombstone a withdrawal, however often its end was tried."""
    path = campaign.at(TOMBSTONES)
    if plan.time in {each.time for each in tombstones_in(path)}:
        return
    append_jsonl(path, [_tombstone(plan)])


def _tombstone(plan: _Plan) -> Tombstone:
    def count(kind: str) -> int:
        return sum(change.removed for change in plan.changes if change.kind == kind and not change.backup)

    return Tombstone(
        time=plan.time,
        annotations=count("annotations"),
        adjudications=count("adjudications"),
        keys=count("keys"),
        backups=sum(change.backup for change in plan.changes),
        salt=plan.salt,
        marks=plan.marks,
    )


def _outcome(campaign: CampaignConfig, plan: _Plan | None, pseudonym: str) -> Outcome:
    tombstone = _tombstone(plan) if plan else Tombstone(time=now(), annotations=0, adjudications=0, keys=0, backups=0)
    stale = [str(campaign.at(name)) for name in _STALE if campaign.at(name).exists()]
    backups = _backups(campaign)
    packed = [str(path) for path in sorted(backups.rglob("*")) if path.suffix in _PACKED] if backups.is_dir() else []
    others = _elsewhere(campaign, pseudonym)
    named = _still_named(campaign, pseudonym)
    counts = {"annotations": tombstone.annotations, "adjudications": tombstone.adjudications, "keys": tombstone.keys}
    facts = {
        "schema": 1,
        "still_named": named,
        "time": tombstone.time,
        **counts,
        "backups": tombstone.backups,
        "stale": stale,
        "packed_backups": packed,
        "other_campaigns": others,
    }
    lines = [
        f"erased: {tombstone.annotations} lines of the ledger, {tombstone.adjudications} adjudications, "
        f"{tombstone.keys} keys, {tombstone.backups} files of backups changed; "
        f"{campaign.at(TOMBSTONES)} says how much, not whose",
        f"yours to do: {_on_server(campaign, tombstone)}"
        "sheets and exports, copies that others have, releases, the history of a repository",
    ]
    if stale:
        lines.append(f"stale, made with these answers: {', '.join(stale)}; run `stance run {campaign.path}` again")
    if named:
        lines.append(f"still named in: {', '.join(named)}")
    if packed:
        lines.append(f"packed backups that were not opened; delete them: {', '.join(packed)}")
    if others:
        lines.append(f"also in {', '.join(others)}: run the same there; the key stays until then")
    return Outcome(line="\n".join(lines), facts=facts)


def _on_server(campaign: CampaignConfig, tombstone: Tombstone) -> str:
    """What becomes of the answers on the server; "" where the campaign stands on none."""
    if not campaign.at("studio.json").exists():
        return ""
    if len(tombstone.marks) > 1:  # more is known than the name
        return "the answers on the server, which later pulls leave out (`--server` deletes them there), "
    return "the answers on the server: no account of theirs is known here, so delete them there BEFORE the next pull, "


def _still_named(campaign: CampaignConfig, pseudonym: str) -> list[str]:
    """Files of the campaign in which the name can still be read; packed ones are not opened."""
    word = re.compile(rb"(?<![a-z0-9-])" + re.escape(pseudonym).encode() + rb"(?![a-z0-9-])")
    files = sorted(path for path in campaign.directory.rglob("*") if path.is_file())
    return [str(path) for path in files if path.stat().st_size < _READABLE and word.search(path.read_bytes())]
