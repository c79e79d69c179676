"""`stance pull`: answers from Label Studio or from files."""

import functools
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

import msgspec

from toolkit.exchange.submissions import Submission, VoteTable, twins, write_vote_table
from toolkit.exchange.vote_files import (
    ImportedVotes,
    ImportOptions,
    import_files,
    merged_submissions,
    read_vote_files,
    table_question,
)
from toolkit.files import locked, mend_jsonl
from toolkit.people import (
    ERASURE_RECORDS,
    SourceNames,
    WithdrawnPeople,
    erasure_records_of_table,
    read_erasure_records,
)
from toolkit.runs import Progress
from toolkit.store import Store
from toolkit.studio.pull.annotations import Pulled
from toolkit.studio.pull.campaign import CampaignPull, PullResult, follow, open_pull
from toolkit.studio.pull.external_project import (
    import_target,
    open_project,
    open_server,
    project_address,
    project_question,
    submissions_of,
)
from toolkit.studio.state import campaign_state
from toolkit.tables import check_table_name
from toolkit.times import now
from toolkit.workspace import CampaignConfig


def pull_campaign(campaign: CampaignConfig, progress: Progress) -> PullResult:
    """Append to the ledger what was changed on the server since the last pull."""
    with open_pull(campaign) as pull:
        return _recorded(pull, pull.since_last(progress))


def pull_campaign_in_full(campaign: CampaignConfig, progress: Progress) -> PullResult:
    """Read everything on the server again, and append to the ledger what it has not."""
    with open_pull(campaign) as pull:
        return _recorded(pull, pull.everything(progress))


def follow_campaign(
    campaign: CampaignConfig, interval: float, progress: Progress, report: Callable[[str], None]
) -> PullResult:
    """Pull again and again until somebody interrupts, and then once in full, as a check.

    Args:
        campaign: what is pulled.
        interval: seconds between two pulls.
        progress: of the first pull and of the last.
        report: takes a line whenever something came.

    Raises:
        StudioError: the first pull, or the last one, finds no server.
    """
    with open_pull(campaign) as pull:
        report(_recorded(pull, pull.since_last(progress)).line())
        follow(pull, interval, report)
        return _recorded(pull, pull.everything(progress))


def _recorded(pull: CampaignPull, pulled: Pulled) -> PullResult:
    store = pull.store
    outputs = [store.path("annotations.jsonl"), store.path("annotators.jsonl")]
    return store.record("pull", [store.path("studio.json")], outputs, pull.result(pulled))


# --- files, and projects that the toolkit did not make ---------------------------------------------------------------


def pull_project(address: str, options: ImportOptions, output: Path, progress: Progress) -> VoteTable:
    """Write the votes on one question of any project as a table."""
    check_table_name(output)
    url, number = project_address(address)
    with open_server(url) as studio:
        project = open_project(studio, number)
        where = f"{studio.url}/projects/{number}"
        question, source = project_question(project, options.columns, options.questions, where)
        emails = {f"account {user}": email for user, email in studio.users().items()}
        submissions = submissions_of(studio, source, functools.partial(progress, "answered tasks"))
        table = _write_table(output, submissions, question, studio.url, emails)
    return msgspec.structs.replace(table, project=number, text=source.text)


def pull_files(paths: Sequence[Path], options: ImportOptions, output: Path) -> VoteTable:
    """Write the votes on one question in exports, tables and sheets as one table."""
    check_table_name(output)
    files = read_vote_files(paths, options.columns, output)
    submissions, doubles = merged_submissions(files)
    table = _write_table(output, submissions, table_question(files, options.columns, options.questions), "", {})
    names = tuple(str(file.path) for file in files)
    return msgspec.structs.replace(table, files=names, doubles=doubles, twins=tuple(twins(submissions)))


def _write_table(
    output: Path, submissions: Iterable[Submission], question: str, server: str, emails: Mapping[str, str]
) -> VoteTable:
    keys = output.with_name(f"{output.stem}.keys.json")
    names = SourceNames(keys, "person", server, emails)
    if isinstance(submissions, list):
        names.reserve(row.annotator for row in submissions)
    records = read_erasure_records(erasure_records_of_table(output))
    names.avoid(records)
    table = write_vote_table(output, submissions, question, names.name_of, WithdrawnPeople(records, server).has)
    return msgspec.structs.replace(table, keys=str(keys) if names.save() else None)


def import_votes(campaign: CampaignConfig, paths: Sequence[Path], options: ImportOptions) -> ImportedVotes:
    """Append to the ledger what files hold and the ledger has not."""
    store, files = Store(campaign), read_vote_files(paths, options.columns, None)
    with store.lock(), locked(campaign.at("pull")):
        mend_jsonl(store.path("annotations.jsonl"))
        records = read_erasure_records(store.path(ERASURE_RECORDS))
        names = SourceNames(store.path("keys.outside.json"), "outside", "", {})
        names.avoid(records)
        names.reserve([*store.annotators, *(row.annotator for file in files for row in file.submissions)])
        target = import_target(store, lambda name, server: WithdrawnPeople(records, server).has(name))
        imported = import_files(files, target, store.ledger, options, names, now())
        names.save()
        store.append_rows("annotators.jsonl", imported.annotators)
        store.append_rows("annotations.jsonl", imported.lines)
    state = campaign_state(store)
    outputs = [store.path("annotations.jsonl"), store.path("annotators.jsonl")]
    result = msgspec.structs.replace(imported.votes, state=state)
    return store.record("pull --from", [file.path for file in files], outputs, result)
