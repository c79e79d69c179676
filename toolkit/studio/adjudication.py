"""Adjudication on a server: one project per adjudicator, pushing items and reading decisions.

An adjudication project is pushed like any other, under its own key. A search for the projects of the campaign never
returns it, so no answer of an adjudicator counts as a vote.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence

import msgspec
from msgspec import Struct

from toolkit.campaigns.display import ShownItem
from toolkit.codebook import Codebook
from toolkit.errors import DataError
from toolkit.exchange.adjudication_sheets import adjudication_codebook, adjudication_word
from toolkit.exchange.label_config import ADJUDICATION_COMMENT, ADJUDICATION_REASON, read_label_config
from toolkit.exchange.results import parse_result
from toolkit.labels.adjudication import (
    AdjudicatorDecision,
    DecisionSource,
    Labelled,
    adjudications_from,
    gone_items,
    label_problem,
    waiting_requests,
)
from toolkit.people import ErasureRecords
from toolkit.records import Adjudication, AdjudicationRequest, Answers, Assignment, Gold, Origin, PushedProject
from toolkit.runs import Result
from toolkit.studio.http.client import Studio
from toolkit.studio.http.schemas import Project, ServerAnnotation, ServerTask
from toolkit.studio.push.items import PushReport, PushRequest, find_projects, push_items
from toolkit.times import now
from toolkit.words import plural
from toolkit.workspace import CampaignConfig


class AdjudicationProject(Struct, frozen=True, kw_only=True):
    """The project of an adjudicator, with or without the votes (blind)."""

    campaign: str  # the key of the campaign that has the votes
    adjudicator: str  # pseudonym
    blind: bool

    @property
    def key(self) -> str:
        """Return the key under which the project is pushed.

        >>> AdjudicationProject(campaign="demo-1f", adjudicator="judge-1", blind=True).key
        'demo-1f/adjudication/blind/judge-1'
        """
        return f"{self.campaign}/adjudication/{'blind' if self.blind else 'seen'}/{self.adjudicator}"


def adjudication_project_in(project: Project, campaign: str) -> AdjudicationProject | None:
    """Return the adjudication project that a description names; None if it names none of the campaign."""
    pattern = rf"\[stance-toolkit {re.escape(campaign)}/adjudication/(blind|seen)/(\S+) "
    match = re.search(pattern, project.description)
    if match is None:
        return None
    return AdjudicationProject(campaign=campaign, adjudicator=match[2], blind=match[1] == "blind")


def find_adjudication_projects(studio: Studio, campaign: str) -> list[tuple[Project, AdjudicationProject]]:
    """Return the adjudication projects of a campaign, oldest first."""
    projects = studio.projects_described(f"[stance-toolkit {campaign}/adjudication/")
    pairs = ((project, adjudication_project_in(project, campaign)) for project in projects)
    return [(project, own) for project, own in pairs if own is not None]


# --- pushing ---------------------------------------------------------------------------------------------------------


class AdjudicationSetup(Struct, frozen=True, kw_only=True):
    """The parts of a campaign that its adjudication needs."""

    key: str  # the campaign's key on servers
    campaign: CampaignConfig
    items: Sequence[ShownItem]
    gold: Sequence[Gold]
    adjudications: Sequence[Adjudication]


class AdjudicationPushed(Result, frozen=True, kw_only=True):
    """The items pushed to an adjudicator on Label Studio."""

    adjudicator: str
    blind: bool
    created: int
    present: int
    refreshed: int
    taken_out: int
    moved: int  # items that were pushed to another adjudicator before
    kept_by: dict[str, list[str]]  # adjudicator -> items that stay there, answered or started
    own: int = 0  # items on which the adjudicator has voted
    twins: tuple[str, ...]
    projects: tuple[PushedProject, ...]
    next_command: str = ""

    def line(self) -> str:
        """Format the number of pushed items and the warnings."""
        mode = "blind" if self.blind else "votes shown"
        counts = {"tasks put right": self.refreshed, "taken out": self.taken_out}
        counts["that another adjudicator was asked before"] = self.moved
        parts = [f"{plural(self.created, 'item')} pushed for {self.adjudicator}, {mode}, {self.present} were there"]
        parts += [f"{number} {what}" for what, number in counts.items() if number]
        lines = [", ".join(parts) + "".join(f": {project.url}" for project in self.projects)]
        for name, items in self.kept_by.items():
            lines.append(f"{plural(len(items), 'item')} stay with {name}, who has answered or begun them: pull first")
        if self.own:
            lines.append(f"{self.adjudicator} has voted on {self.own} of them, which the card will say")
        return "; ".join([*lines, f"next: `{self.next_command}`"])


class AdjudicationQueues:
    """The adjudication projects of a campaign: records requests and pushes items."""

    def __init__(
        self,
        studio: Studio,
        setup: AdjudicationSetup,
        requests: Sequence[AdjudicationRequest],
        remember: Callable[[list[AdjudicationRequest]], object],
        progress: Callable[[int, int], None],
    ) -> None:
        """Start from the earlier requests.

        Args:
            studio: the server.
            setup: the campaign.
            requests: all earlier requests, in their order.
            remember: stores further requests; called before the server has them.
            progress: called with the number of items pushed and their total.
        """
        self._studio = studio
        self._setup = setup
        self._requests = list(requests)
        self._remember = remember
        self._progress = progress
        self._gold = {(row.item_id, row.question): row for row in setup.gold}
        self._shown = {shown.item.id: shown for shown in setup.items}

    def requests_to(self, project: AdjudicationProject) -> list[AdjudicationRequest]:
        """Return all requests ever made in a project."""
        return [row for row in self._requests if self._project_of(row) == project]

    def _project_of(self, row: AdjudicationRequest) -> AdjudicationProject:
        return AdjudicationProject(campaign=self._setup.key, adjudicator=row.adjudicator, blind=row.blind)

    def _waiting(self) -> list[AdjudicationRequest]:
        return waiting_requests(self._requests, self._setup.gold, self._setup.adjudications)

    def ask(
        self, project: AdjudicationProject, doubts: Mapping[str, Sequence[str]], below: float | None
    ) -> AdjudicationPushed:
        """Remove untouched items from other adjudicators, record the requests and push the items.

        Args:
            project: the adjudicator's project.
            doubts: the questions in doubt, by item.
            below: the confidence below which labels are adjudicated.
        """
        doubts = {item: names for item, names in doubts.items() if item in self._shown}
        kept_by: dict[str, list[str]] = {}
        moved = 0
        for other, items in self._at_others(project, doubts).items():
            remaining = self._take_from(other, items)
            if remaining:
                kept_by.setdefault(other.adjudicator, []).extend(sorted(remaining))
            moved += len(items) - len(remaining)
            doubts = {item: names for item, names in doubts.items() if item not in remaining}
        self._record(project, doubts, below)
        report = self._push(project, ())
        return AdjudicationPushed(
            adjudicator=project.adjudicator,
            blind=project.blind,
            created=report.created,
            present=report.present,
            refreshed=report.refreshed,
            taken_out=report.taken_out,
            moved=moved,
            kept_by=kept_by,
            twins=report.twins,
            projects=report.projects,
        )

    def _at_others(
        self, project: AdjudicationProject, doubts: Mapping[str, Sequence[str]]
    ) -> dict[AdjudicationProject, set[str]]:
        """Return the items that wait in other projects for these questions only."""
        open_at: defaultdict[tuple[AdjudicationProject, str], set[str]] = defaultdict(set)
        for row in self._waiting():
            open_at[self._project_of(row), row.item_id].add(row.question)
        items: defaultdict[AdjudicationProject, set[str]] = defaultdict(set)
        for (other, item), names in open_at.items():
            if other != project and names <= set(doubts.get(item, ())):
                items[other].add(item)
        return dict(items)

    def _take_from(self, other: AdjudicationProject, items: set[str]) -> set[str]:
        """Remove items from another project; return those that were answered or started there, skips excluded."""
        remaining = set(self._push(other, items).kept) & items
        return remaining - self._skipped(other) if remaining else remaining

    def _skipped(self, own: AdjudicationProject) -> set[str]:
        skipped = set()
        for project in find_projects(self._studio, own.key):
            begun = {task for task, _ in self._studio.drafts(project.id)}
            for task in self._studio.tasks(project.id):
                if task.id not in begun and all(raw.was_cancelled for raw in task.annotations):
                    skipped.add(str(task.data.get("item_id")))
        return skipped

    def _record(self, project: AdjudicationProject, doubts: Mapping[str, Sequence[str]], below: float | None) -> None:
        """Record requests before they reach the server; one equal to the last for its item is not repeated."""
        last = {(row.item_id, row.question): row for row in self._requests}
        rows = [
            AdjudicationRequest(
                item_id=item,
                question=name,
                adjudicator=project.adjudicator,
                blind=project.blind,
                below=below,
                votes=self._gold[item, name].votes,
                codebook=self._setup.campaign.codebook.ref,
                sent=now(),
            )
            for item, names in doubts.items()
            for name in names
        ]
        new = [row for row in rows if not _is_same(row, last.get((row.item_id, row.question)))]
        self._remember(new)
        self._requests += new

    def _push(self, project: AdjudicationProject, without: Iterable[str]) -> PushReport:
        """Make the project on the server show exactly the waiting items."""
        waiting: defaultdict[str, list[str]] = defaultdict(list)
        for row in self._waiting():
            if self._project_of(row) == project and row.item_id not in without:
                waiting[row.item_id].append(row.question)
        done = {row.item_id for row in self.requests_to(project)} - waiting.keys()
        return push_items(self._studio, self._push_request(project, waiting, done), self._progress)

    def _push_request(
        self, own: AdjudicationProject, waiting: Mapping[str, Sequence[str]], done: set[str]
    ) -> PushRequest:
        file, codebook = self._setup.campaign.file, self._setup.campaign.codebook
        names = {name for questions in waiting.values() for name in questions}
        names |= {row.question for row in self.requests_to(own)}
        for project in find_projects(self._studio, own.key):
            present = read_label_config(project.label_config, f"project {project.id}")
            names |= {question.name for question in present}
        items = [shown for item_id, shown in self._shown.items() if item_id in waiting]
        assignments = (
            Assignment(item_id=shown.item.id, annotator=own.adjudicator, position=position)
            for position, shown in enumerate(items)
        )
        return PushRequest(
            campaign=own.key,
            title=f"{adjudication_word('title', file.language)}: {file.studio.title or file.title}",
            codebook=adjudication_codebook(codebook, names, file.language),
            language=file.language,
            items=tuple(self._with_note(shown, waiting[shown.item.id], own) for shown in items),
            layout="blind",
            assignments=tuple(assignments),
            withdrawn=tuple(sorted(done)),
            unshown=tuple(sorted(waiting.keys() - self._shown.keys())),
            show=(*file.studio.show, *(() if "note" in file.studio.show else ("note",))),
            batch=file.studio.batch,
        )

    def _with_note(self, shown: ShownItem, names: Sequence[str], project: AdjudicationProject) -> ShownItem:
        """Return the item with the questions in doubt in its note and, unless blind, the votes."""
        campaign = self._setup.campaign
        language = campaign.file.language
        note = [shown.shown.note, f"{adjudication_word('doubt', language)}: {', '.join(names)}"]
        if not project.blind:
            rows = [self._gold[shown.item.id, name] for name in names]
            votes = (f"{row.question}: {_titled_votes(row, campaign.codebook, language)}" for row in rows)
            note.append(f"{adjudication_word('votes', language)}: {'; '.join(votes)}")
        texts = msgspec.structs.replace(shown.shown, note=" · ".join(filter(None, note)))
        return msgspec.structs.replace(shown, shown=texts)


def _titled_votes(row: Gold, codebook: Codebook, language: str) -> str:
    titles = {label.name: codebook.say(label.title, language) for label in codebook.question(row.question).labels}
    return ", ".join(f"{titles.get(label) or label} {count}" for label, count in row.votes.items())


def _is_same(row: AdjudicationRequest, last: AdjudicationRequest | None) -> bool:
    return last is not None and msgspec.structs.replace(row, sent=last.sent) == last


# --- reading ---------------------------------------------------------------------------------------------------------


class ProjectDecisions(Struct, frozen=True, kw_only=True):
    """The answers in the project of an adjudicator.

    The server accepts any answer from any account. An answer counts only if the named adjudicator sent it, with a label
    of the codebook and a reason.
    """

    number: int  # the project's number on the server
    project: AdjudicationProject
    decisions: list[AdjudicatorDecision]
    skipped: list[str]  # items
    waiting: list[str]  # items without a valid answer of the adjudicator
    refused: list[str]  # rejected answers, each with its location and the reason


class ReadingRules(Struct, frozen=True, kw_only=True):
    """Rules for reading the answers of adjudicators."""

    server: str  # the key of the server
    items: frozenset[str]  # item ids of the campaign
    codebook: Codebook
    ours: int  # the account that pulls
    emails: Mapping[int, str]  # by account number
    pseudonym_of: Callable[[int, str], str | None]  # number and e-mail address of an account -> its pseudonym
    erasure_records: ErasureRecords

    def name_of(self, account: int) -> str:
        """Return the pseudonym of an account, or a substitute name."""
        email = self.emails.get(account, "")
        if self.erasure_records.has_account(self.server, account, email):
            return "somebody who withdrew"
        return self.pseudonym_of(account, email) or f"account {account}"


def read_adjudication_projects(
    studio: Studio, campaign: str, rules: ReadingRules, progress: Callable[[int, int], None]
) -> tuple[list[ProjectDecisions], int]:
    """Read all adjudication projects of a campaign; also return the number of answers left out after withdrawals.

    Raises:
        DataError: the server has no adjudication project.
    """
    projects = find_adjudication_projects(studio, campaign)
    if not projects:
        raise DataError(f"{studio.url}: no adjudicator of this campaign is asked there; run `stance adjudicate push`")
    read, left_out = [], 0
    for number, (project, own) in enumerate(projects, 1):
        if rules.erasure_records.has_name(own.adjudicator):
            left_out += sum(len(task.annotations) for task in studio.tasks(project.id))
        else:
            read.append(read_adjudication_project(studio, project, own, rules))
        progress(number, len(projects))
    return read, left_out


def read_adjudication_project(
    studio: Studio, project: Project, own: AdjudicationProject, rules: ReadingRules
) -> ProjectDecisions:
    """Read the answers in the project of an adjudicator."""
    read = ProjectDecisions(number=project.id, project=own, decisions=[], skipped=[], waiting=[], refused=[])
    for task in studio.tasks(project.id):
        where = f"{studio.url}/projects/{project.id}, task {task.id}"
        item = task.data.get("item_id")
        if item not in rules.items:
            read.refused.extend([f"{where}: no item of the campaign"] if task.annotations else [])
            continue
        annotations, problems = _own_annotations(task, own.adjudicator, rules)
        read.refused.extend(f"{where}: {problem}" for problem in problems)
        answered = [raw for raw in annotations if not raw.was_cancelled]
        if not answered:
            (read.skipped if annotations else read.waiting).append(item)
            continue
        origin = Origin(server=rules.server, project=project.id, task=task.id, annotation=answered[-1].id)
        decision = _decision(answered[-1], where, origin, item, rules.codebook)
        if isinstance(decision, AdjudicatorDecision):
            read.decisions.append(decision)
        else:
            read.refused.append(f"{where}: {decision}")
            read.waiting.append(item)
    return read


def _own_annotations(
    task: ServerTask, adjudicator: str, rules: ReadingRules
) -> tuple[list[ServerAnnotation], list[str]]:
    """Return the adjudicator's own answers to a task, latest last, and the faults of the others."""
    own, problems = [], []
    for raw in sorted(task.annotations, key=lambda raw: (raw.updated_at, raw.id)):
        problem = _sender_problem(raw, adjudicator, rules)
        if problem:
            problems.append(problem)
        else:
            own.append(raw)
    return own, problems


def _sender_problem(raw: ServerAnnotation, adjudicator: str, rules: ReadingRules) -> str:
    if raw.completed_by is None:
        return "its account was deleted on the server"
    if (name := rules.name_of(raw.completed_by)) != adjudicator:
        return f"answered by {name}, not by {adjudicator}: delete it, so that the queue asks {adjudicator}"
    sender = raw.sender(rules.ours)
    # Marking an answer as ground truth changes its last sender; such a mark by our own account is trusted.
    if sender in (None, raw.completed_by) or (raw.ground_truth and sender == rules.ours):
        return ""
    return f"in the name of {adjudicator}, but sent or changed by {rules.name_of(int(sender or 0))}"


def _decision(
    raw: ServerAnnotation, where: str, origin: Origin, item: str, codebook: Codebook
) -> AdjudicatorDecision | str:
    """Return the decision in an answer, or the fault of the answer."""
    answers = parse_result(raw.result, codebook)
    names = [question.name for question in codebook.choices if question.name != ADJUDICATION_REASON]
    labels = {name: answers[name] for name in names if answers.get(name) is not None}
    problem = next(iter(_decision_problems(answers, labels, codebook)), "")
    if problem:
        return problem
    comment = str(answers.get(ADJUDICATION_COMMENT, ""))
    reason = answers[ADJUDICATION_REASON]
    return AdjudicatorDecision(where=where, item_id=item, labels=labels, reason=reason, comment=comment, origin=origin)


def _decision_problems(answers: Answers, labels: Answers, codebook: Codebook) -> Iterable[str]:
    for name, label in codebook.migrated(labels).items():
        if problem := label_problem(label, codebook.question(name)):
            yield f"unknown label {problem}"
    if not labels:
        yield "a reason and no label"
    reason, reasons = answers.get(ADJUDICATION_REASON), codebook.question(ADJUDICATION_REASON).label_names
    if reason not in reasons:
        yield f"{'no' if reason is None else 'an unknown'} reason; each decision needs one of {', '.join(reasons)}"


# --- new decisions ---------------------------------------------------------------------------------------------------


def adjudications_in(
    read: Iterable[ProjectDecisions],
    requests: Iterable[AdjudicationRequest],
    prior: Mapping[Labelled, str | None],
    codebook: Codebook,
) -> list[Adjudication]:
    """Convert decisions on the server to adjudications, under the codebook that the adjudicator saw."""
    shown = {(row.item_id, row.adjudicator): row.codebook for row in requests}
    rows: list[Adjudication] = []
    for part in read:
        name = part.project.adjudicator
        for decision in part.decisions:
            ref = shown.get((decision.item_id, name), codebook.ref)
            source = DecisionSource(adjudicator=name, blind=part.project.blind, codebook=ref, observed=now())
            rows += adjudications_from(decision, source, prior, codebook)
    return rows


def pull_details(
    read: Sequence[ProjectDecisions],
    rows: Iterable[Adjudication],
    before: Iterable[Adjudication],
    waiting: Sequence[AdjudicationRequest],
) -> dict[str, tuple[str, ...]]:
    """Return the summary fields that only a server provides: skipped, waiting and deleted items, and rejected answers.

    Args:
        read: the decisions on the server.
        rows: the adjudications in them.
        before: all earlier adjudications.
        waiting: the requests without a decision.
    """
    open_places = {(row.item_id, row.adjudicator, row.blind) for row in waiting}
    skips = [(item, part.project) for part in read for item in part.skipped]
    return {
        "skipped": tuple(sorted({i for i, own in skips if (i, own.adjudicator, own.blind) in open_places})),
        "waiting": tuple(sorted({row.item_id for row in waiting})),
        "refused": tuple(problem for part in read for problem in part.refused),
        "gone": tuple(gone_items(rows, before, {part.number for part in read})),
    }
