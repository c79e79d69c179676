"""The step that brings annotations from Label Studio into the ledger."""

import contextlib
import functools
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import msgspec

from toolkit.campaigns.progress import CampaignState, state_line, state_of
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
from toolkit.labels.ledger import latest, stale_counts
from toolkit.people import (
    ERASURE_RECORDS,
    AccountNames,
    SourceNames,
    WithdrawnPeople,
    erasure_records_of_table,
    read_erasure_records,
)
from toolkit.records import Annotation, Item, StudioFile
from toolkit.steps.common import Outcome, Progress, finish, items_of, withdrawn_of
from toolkit.store import Store
from toolkit.studio.http.client import Studio
from toolkit.studio.pull.annotations import Pulled, pull_annotations
from toolkit.studio.pull.external_project import (
    import_target,
    open_project,
    open_server,
    project_address,
    project_question,
    submissions_of,
)
from toolkit.studio.pull.ledger_index import Cursor, LedgerFile, read_cursor, write_cursor
from toolkit.studio.pull.reading import PullRequest, ScreenSince
from toolkit.studio.push.projects import set_otherwise
from toolkit.studio.server.connection import connect, studio_file_of
from toolkit.tables import check_table_name
from toolkit.times import now, utc
from toolkit.workspace import CampaignConfig, read_campaign


def pull_step(campaign: CampaignConfig, progress: Progress) -> Outcome:
    """Append to the ledger what was changed on the server since the last pull."""
    with open_pull(campaign) as pull:
        return pull.outcome(pull.since_last(progress))


def full_pull_step(campaign: CampaignConfig, progress: Progress) -> Outcome:
    """Read everything on the server again, and append to the ledger what it has not."""
    with open_pull(campaign) as pull:
        return pull.outcome(pull.in_full(progress))


@contextlib.contextmanager
def open_pull(campaign: CampaignConfig) -> Iterator["CampaignPull"]:
    """A way to pull a campaign, once or again and again."""
    studio, keys_file = connect(campaign.root)
    with studio:
        yield CampaignPull(campaign, studio, keys_file)


class CampaignPull:
    """A campaign and its server; the campaign's files are read anew for each pull, since items may join it."""

    def __init__(self, campaign: CampaignConfig, studio: Studio, keys_file: Path) -> None:
        self._keys_file = keys_file
        self._ledger_path = campaign.at("annotations.jsonl")
        self._cursor_path = campaign.at("pull.json")
        self.studio = studio
        self.campaign, self.file, self.items = _read(campaign.path)
        self._doubt = ""
        self._set_otherwise: dict[int, tuple[str, ...]] = {}

    def since_last(self, progress: Progress) -> Pulled:
        """Bring the ledger up to date with what was changed since the last pull; nobody else pulls meanwhile."""
        return self._pull(progress, lambda ledger: read_cursor(self._cursor_path, self.file.server, ledger.size))

    def in_full(self, progress: Progress) -> Pulled:
        """Bring the ledger up to date with everything that there is; nobody else pulls meanwhile."""
        return self._pull(progress, lambda _: None)

    def _pull(self, progress: Progress, cursor_for: Callable[[LedgerFile], Cursor | None]) -> Pulled:
        self.campaign, self.file, self.items = _read(self.campaign.path)
        self._doubt = self.studio.greet()
        self._set_otherwise = set_otherwise(self.studio, self.file.campaign, self.file.projects, self.items)
        with locked(self.campaign.at("pull")):
            naming = AccountNames(self.campaign.directory, self._keys_file)
            ledger = LedgerFile(self._ledger_path, self.campaign.file.studio.batch, naming.save)
            pulled = pull_annotations(
                self.studio,
                self._request(),
                ledger,
                cursor_for(ledger),
                naming.pseudonym_of,
                lambda done, total: progress("pulled", done, total),
            )
            naming.save()
            self._ledger_path.touch()
            write_cursor(self._cursor_path, pulled.cursor)
        return pulled

    def _request(self) -> PullRequest:
        return PullRequest(
            server=self.file.server,
            projects=self.file.projects,
            items=self.items,
            codebook=self.campaign.codebook,
            codebook_ref=self.file.codebook,
            screens=tuple(ScreenSince(since=utc(each.since), codebook_ref=each.codebook) for each in self.file.screens),
            erasure_records=read_erasure_records(self.campaign.at(ERASURE_RECORDS)),
        )

    def outcome(self, pulled: Pulled) -> Outcome:
        """What is said of a pull, and its record in ``runs.jsonl``."""
        outputs = [self._ledger_path, self.campaign.at("annotators.jsonl")]
        return finish(self.campaign, "pull", [self.campaign.at("studio.json")], outputs, self.told(pulled))

    def told(self, pulled: Pulled) -> Outcome:
        """What is said of a pull."""
        state, stale = self._state()
        facts = {
            "schema": 1,
            "new": pulled.new,
            "unchanged": pulled.unchanged,
            "tasks": pulled.tasks,
            "unknown_tasks": pulled.unknown_tasks,
            "withdrawn": pulled.withdrawn,
            "in_full": {str(number): why for number, why in pulled.in_full.items()},
            "unproven": {str(number): why for number, why in pulled.unproven.items()},
            "set_otherwise": {str(number): list(names) for number, names in self._set_otherwise.items()},
            "doubt": self._doubt,
            "stale": stale,
            **msgspec.to_builtins(state),
        }
        remarks = (*_remarks(pulled), *self._doubts())
        line = "; ".join((f"{pulled.new} new lines in the ledger", *remarks, state_line(state)))
        return Outcome(line=line, facts=facts)

    def _doubts(self) -> Iterator[str]:
        for number, names in self._set_otherwise.items():
            yield f"project {number} was set otherwise there ({', '.join(names)}): `stance push` puts that right"
        if self._doubt:
            yield self._doubt

    def _state(self) -> tuple[CampaignState, dict[str, int]]:
        """How far the annotation is, and how many answers codebooks of before have; answers themselves are not kept."""
        states = latest(_without_answers(self._ledger_path))
        state = state_of(self.items, states, withdrawn_of(self.campaign))
        return state, stale_counts(states, self.file.codebook)


def _read(path: Path) -> tuple[CampaignConfig, StudioFile, dict[str, Item]]:
    campaign = read_campaign(path)
    return campaign, studio_file_of(campaign), items_of(campaign)


def _remarks(pulled: Pulled) -> Iterator[str]:
    if pulled.withdrawn:
        yield f"{pulled.withdrawn} answers on the server are left out, of people who withdrew"
    for number, why in pulled.in_full.items():
        if why:
            yield f"project {number} was read in full: {why}"
    for number, why in pulled.unproven.items():
        yield f"project {number} is not proven complete: {why}; pull again when fewer people work"


def _without_answers(ledger: Path) -> Iterator[Annotation]:
    for _, line in LedgerFile(ledger).lines():
        yield msgspec.structs.replace(
            line,
            item_id=sys.intern(line.item_id),
            annotator=sys.intern(line.annotator),
            answers={},
            codebook=sys.intern(line.codebook),
        )


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
    state = state_of(store.items, latest(store.ledger), store.withdrawn)
    outputs = [store.path("annotations.jsonl"), store.path("annotators.jsonl")]
    result = msgspec.structs.replace(imported.votes, state=state)
    return store.record("pull --from", [file.path for file in files], outputs, result)
