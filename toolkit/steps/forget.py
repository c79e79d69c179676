"""`stance forget`: a person withdraws, from a campaign, from its server, or from a table of votes."""

import contextlib
from collections.abc import Iterator, Sequence
from pathlib import Path

from msgspec import structs

from toolkit.errors import DataError, UsageError
from toolkit.files import locked
from toolkit.labels import erasure
from toolkit.labels.erasure import ForgetResult, ForgetTableResult
from toolkit.people import (
    ERASURE_RECORDS,
    ErasureRecord,
    ErasureRecords,
    erasure_records_of,
    ids_in_key_file,
    is_pseudonym,
    name_id,
)
from toolkit.runs import Progress
from toolkit.store import Store
from toolkit.studio.erasure import check_server, erase_on_server
from toolkit.studio.server.connection import (
    connect,
    server_keys,
    studio_directory,
    studio_file_of,
)
from toolkit.workspace import CampaignConfig


def forget_campaign(campaign: CampaignConfig, pseudonym: str) -> ForgetResult:
    """Erase a person's answers, comments and key, and leave a record that counts them and names nobody.

    Raises:
        DataError: nobody is called so.
    """
    if not is_pseudonym(pseudonym):
        raise UsageError(f"{pseudonym}: a pseudonym of small letters, digits, hyphens and underscores is needed")
    written = erasure.written_files(campaign.directory, campaign.root)
    with locked(campaign.at("pull")), Store(campaign).lock(), _all_locks(campaign):
        plan = erasure.finish_erasure(campaign.directory)  # of an interrupted run
        while plan is None or plan.pseudonym != pseudonym:
            stage_campaign(campaign, pseudonym)
            plan = erasure.finish_erasure(campaign.directory)
        Store(campaign).record_as_is("forget")
    return _result(campaign, pseudonym, plan.record(), written)


def forget_on_server(campaign: CampaignConfig, pseudonym: str, progress: Progress) -> ForgetResult:
    """Erase a person in a campaign and on its Label Studio; may be run again.

    Raises:
        DataError: the server is another one than the campaign's, or has nothing of the person.
    """
    studio, _ = connect(campaign.root)
    file, path = studio_file_of(campaign), campaign.at(ERASURE_RECORDS)
    with studio:
        check_server(studio, file)
        if pseudonym in erasure.people_of(campaign.directory) or not erasure_records_of(path, pseudonym):
            result = forget_campaign(campaign, pseudonym)
        else:  # an earlier run got as far as the files
            result = _result(campaign, pseudonym, erasure_records_of(path, pseudonym)[-1], [])
        with locked(campaign.at("pull")):
            records = ErasureRecords(erasure_records_of(path, pseudonym))
            deleted = erase_on_server(
                studio, file, records, lambda done, total: progress("projects cleaned", done, total)
            )
    return structs.replace(result, server=studio.url, deleted=deleted)


def forget_table(path: Path, pseudonym: str, annotator: str | None) -> ForgetTableResult:
    """Erase a person's rows or column from a table of votes, with their key.

    Raises:
        DataError: the table has no such column, or names nobody so.
    """
    erased = erasure.erase_from_table(path, pseudonym, annotator)
    return ForgetTableResult(file=str(path), rows=erased.rows, wide=erased.wide, keys=erased.keys)


# --- where things lie ------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def _all_locks(campaign: CampaignConfig) -> Iterator[None]:
    with contextlib.ExitStack() as stack:
        for name in ("adjudicate", *erasure.PERSON_FIELDS, "runs.jsonl"):
            stack.enter_context(locked(campaign.at(name)))
        yield


def stage_campaign(campaign: CampaignConfig, pseudonym: str) -> None:
    """Prepare the erasure of a person; until it is finished nothing has happened.

    Raises:
        DataError: nobody is called so.
    """
    people = erasure.people_of(campaign.directory)
    if pseudonym not in people:
        raise DataError(f"{campaign.directory}: nobody is called {pseudonym!r}; there are {', '.join(sorted(people))}")
    studio = studio_directory(campaign.root)
    key_files = sorted(studio.glob("keys*.json"))
    server = studio_file_of(campaign).server if campaign.at("studio.json").exists() else ""
    own = server_keys(studio, server) if server and server_keys(studio, server).exists() else studio / "keys.json"
    ids = {name_id(pseudonym)}
    for path in [*sorted(campaign.directory.glob("keys*.json")), *key_files]:
        # The accounts that a file numbers are those of one server: the campaign's, or that of the file's name.
        ids |= ids_in_key_file(path, pseudonym, server if path == own or path.parent == campaign.directory else "")
    backups = _backups(campaign)
    files = erasure.files_of(campaign.directory, backups) + (
        [] if erasure.other_campaigns(campaign.directory, pseudonym) else key_files
    )
    erasure.stage_erasure(campaign.directory, files, backups, pseudonym, ids)


def _backups(campaign: CampaignConfig) -> Path:
    return campaign.root / "data" / "backups"


def _result(campaign: CampaignConfig, pseudonym: str, record: ErasureRecord, written: Sequence[Path]) -> ForgetResult:
    backups = _backups(campaign)
    logs = sorted(studio_directory(campaign.root).rglob("*.log"))
    return ForgetResult(
        campaign=str(campaign.path), time=record.time, annotations=record.annotations,
        adjudications=record.adjudications, keys=record.keys, backups=record.backups,
        stale=tuple(str(campaign.at(name)) for name in erasure.STALE_FILES if campaign.at(name).exists()),
        still_named=tuple(erasure.files_naming([*written, campaign.path, *logs], pseudonym)),
        packed_backups=tuple(str(path) for path in sorted(backups.rglob("*")) if path.suffix in erasure.PACKED),
        other_campaigns=tuple(erasure.other_campaigns(campaign.directory, pseudonym)),
        knows_account=len(record.hashed_ids) > 1 if campaign.at("studio.json").exists() else None,
    )  # fmt: skip
