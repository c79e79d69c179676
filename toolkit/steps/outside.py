"""Steps for votes from outside a campaign: any project of a server, exports made by hand, tables, spreadsheets."""

import functools
import os
from collections.abc import Sequence
from pathlib import Path

import msgspec
from msgspec import Struct

from toolkit.errors import StudioError, UsageError
from toolkit.exchange.exports import ColumnMap
from toolkit.exchange.import_votes import Kind
from toolkit.exchange.submissions import VoteTable, twins, write_vote_table
from toolkit.exchange.vote_files import merged_submissions, read_vote_files, table_question
from toolkit.people import SourceNames, WithdrawnPeople, erasure_records_of_table, read_erasure_records
from toolkit.runs import Progress
from toolkit.studio.http.client import Studio
from toolkit.studio.pull.external_project import open_project, project_address, project_question, submissions_of
from toolkit.tables import check_table_name


class Wanted(Struct, frozen=True, kw_only=True):
    """What is to be read, as the user says it."""

    columns: ColumnMap = ColumnMap()
    questions: tuple[str, ...] = ()
    kind: Kind | None = None  # of whoever gave the votes; None: as is known of each, else a person


def pull_project_step(address: str, wanted: Wanted, output: Path, progress: Progress) -> VoteTable:
    """Write the votes on one question of any project as a table."""
    check_table_name(output)
    url, number = project_address(address)
    with Studio(url, _token(url)) as studio:
        project = open_project(studio, number)
        where = f"{studio.url}/projects/{number}"
        question, source = project_question(project, wanted.columns, wanted.questions, where)
        emails = {f"account {user}": email for user, email in studio.users().items()}
        names = SourceNames(_keys_beside(output), "person", studio.url, emails)
        submissions = submissions_of(studio, source, functools.partial(progress, "answered tasks"))
        erasure_records = read_erasure_records(erasure_records_of_table(output))
        names.avoid(erasure_records)
        has_withdrawn = WithdrawnPeople(erasure_records, names.server).has
        table = write_vote_table(output, submissions, question, names.name_of, has_withdrawn)
    keys = str(_keys_beside(output)) if names.save() else None
    return msgspec.structs.replace(table, keys=keys, project=number, text=source.text)


def _token(url: str) -> str:
    token = os.environ.get("LABEL_STUDIO_API_KEY")
    if not token:
        raise StudioError(f"{url}: no token; set LABEL_STUDIO_API_KEY to that of your account there, of either kind")
    return token


def _keys_beside(output: Path) -> Path:
    return output.with_name(f"{output.stem}.keys.json")


def pull_files_step(paths: Sequence[Path], wanted: Wanted, output: Path) -> VoteTable:
    """Write the votes on one question in exports, tables and sheets as one table."""
    check_table_name(output)
    files = read_vote_files(paths, wanted.columns, output)
    submissions, doubles = merged_submissions(files)
    names = SourceNames(_keys_beside(output), "person", "", {})
    names.reserve(row.annotator for row in submissions)
    erasure_records = read_erasure_records(erasure_records_of_table(output))
    names.avoid(erasure_records)
    question = table_question(files, wanted.columns, wanted.questions)
    has_withdrawn = WithdrawnPeople(erasure_records, names.server).has
    table = write_vote_table(output, submissions, question, names.name_of, has_withdrawn)
    keys = str(_keys_beside(output)) if names.save() else None
    paths_read = tuple(str(file.path) for file in files)
    return msgspec.structs.replace(table, keys=keys, files=paths_read, doubles=doubles, twins=tuple(twins(submissions)))


def check_one_campaign(sources: Sequence[str]) -> None:
    """Refuse more than one campaign.

    Raises:
        UsageError: there are several.
    """
    if len(sources) > 1:
        raise UsageError(f"one campaign at a time, not {', '.join(sources)}")
