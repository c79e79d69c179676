"""Answers from files as new lines for a campaign's ledger: matched to its items, judged by its codebook, each once."""

from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import Literal

import msgspec
from msgspec import Struct

from toolkit.campaigns.display import printable
from toolkit.codebook import Codebook
from toolkit.errors import DataError
from toolkit.exchange.results import answers_in_cells
from toolkit.exchange.submissions import NOBODY, NameOf, Submission
from toolkit.files import digest
from toolkit.labels.eligibility import (
    SURPLUS,
    AnswerCheck,
    Candidate,
    ProjectRole,
    Provenance,
    answer_problem,
    candidate_of,
    own_codes,
    provenance_flags,
    surplus_flags,
    votes_asked,
    with_surplus,
)
from toolkit.labels.ledger import latest
from toolkit.records import Annotation, Answers, Flag, Item, Origin

Kind = Literal["human", "model", "rule", "simulated"]


class ImportRequest(Struct, frozen=True, kw_only=True):
    """What is imported into, and how it is read."""

    items: Mapping[str, Item]
    texts: Mapping[str, str]  # by item id
    codebook: Codebook
    columns: Mapping[str, str]  # column of the source -> question
    kinds: Mapping[str, Kind]  # what annotators are; whoever is not there is a person
    source: str  # the name of the file
    server: str = ""  # where the campaign stands, if it was pushed
    projects: Mapping[int, ProjectRole] = {}  # there
    administrator: str = ""  # as submissions name the account that runs the campaign there


class Imported(Struct, frozen=True, kw_only=True):
    """What an import found."""

    annotations: list[Annotation]  # the new lines of the ledger
    reflagged: list[Annotation]  # lines for annotations of the ledger that these displace or make room for
    known: int  # that the ledger has already
    by_text: int  # matched to an item by its text alone
    unmatched: tuple[Submission, ...]  # that belong to no item
    empty: int  # rows of a table that answer no question


class _CheckedSubmission(Struct, frozen=True, kw_only=True):
    submission: Submission
    item: Item
    annotator: str
    answers: Answers
    state: Literal["submitted", "skipped", "draft"]
    flags: tuple[Flag, ...]


# --- matching ------------------------------------------------------------------------------------------------------


def import_lines(
    submissions: Iterable[Submission],
    request: ImportRequest,
    ledger: Sequence[Annotation],
    name_of: NameOf,
    observed: str,
) -> Imported:
    """What the submissions hold and the ledger has not.

    Args:
        submissions: of one file, in the order of their times.
        request: the campaign.
        ledger: its lines, in their order.
        name_of: the pseudonym of whoever answered.
        observed: this moment.
    """
    matcher = _Matcher(request)
    rows = list(submissions)
    filled = [submission for submission in rows if submission.sheet or _answers_something(submission, request)]
    matched = [(submission, matcher.item_of(submission)) for submission in filled]
    states = _States(ledger)
    check = _Check(request, states, name_of)
    checked = [check.checked(submission, item) for submission, item in matched if item is not None]
    lines = _new_lines(checked, request, states, observed)
    fresh, reflagged = _settled(lines, request, states, observed)
    return Imported(
        annotations=fresh,
        reflagged=reflagged,
        known=len(checked) - len(lines),
        by_text=matcher.by_text,
        unmatched=tuple(submission for submission, item in matched if item is None),
        empty=len(rows) - len(filled),
    )


def _answers_something(submission: Submission, request: ImportRequest) -> bool:
    """Whether a row of a table has an answer: one that was never filled in holds the texts of its item alone."""
    if submission.state != "submitted" or submission.number is not None or not submission.answers:
        return True
    return any(value != "" for name in request.columns for value in submission.answers.get(name, ()))


def plain_words(text: str) -> str:
    """A text as it survives a spreadsheet or a web form: with single blanks, and marks for what cannot be shown."""
    return " ".join(printable(text).split())


class _Matcher:
    """Finds the item that a submission is about: by its id, or by its text where that tells it."""

    def __init__(self, request: ImportRequest) -> None:
        self._items = request.items
        by_text: dict[str, list[str]] = defaultdict(list)
        for item_id, text in request.texts.items():
            by_text[plain_words(text)].append(item_id)
        self._by_text = {text: ids[0] for text, ids in by_text.items() if len(ids) == 1 and text}
        self.by_text = 0

    def item_of(self, submission: Submission) -> Item | None:
        """The item, or None."""
        if submission.item in self._items:
            return self._items[submission.item]
        item_id = self._by_text.get(plain_words(submission.text))
        self.by_text += item_id is not None
        return None if item_id is None else self._items[item_id]


# --- what the ledger has ---------------------------------------------------------------------------------------------


_Numbered = tuple[int | None, str, str]  # number of an annotation, item, time


class _States:
    """The latest state of each annotation in the ledger."""

    def __init__(self, ledger: Sequence[Annotation]) -> None:
        self.latest = latest(ledger)
        self._contents = {_content(line, line.created) for line in self.latest}
        self._contents |= {_content(line, "") for line in self.latest}
        self._newest: dict[_Numbered, str] = {}
        self._rows: dict[tuple[int | None, str, str], Annotation] = {}
        for line in self.latest:
            self._newest[_numbered(line)] = max(line.updated, self._newest.get(_numbered(line), ""))
            self._rows[_number_of(line), line.item_id, line.annotator] = line

    def has(self, line: Annotation, own: Submission) -> bool:
        """Whether the ledger has a line already, or has the same annotation of a server in a state that is as new."""
        is_pulled = own.number is not None and self._newest.get(_numbered(line), "") >= line.updated
        return is_pulled or _content(line, own.created) in self._contents

    def row(self, number: int, item: Item, annotator: str) -> Annotation | None:
        """The annotation of that number on an item by an annotator, whatever file it came from."""
        return self._rows.get((number, item.id, annotator))


def _number_of(line: Annotation) -> int | None:
    return line.origin.annotation if line.origin else None


def _numbered(line: Annotation) -> _Numbered:
    return _number_of(line), line.item_id, line.created


def _content(line: Annotation, created: str) -> str:
    """What makes two lines say the same of a row, wherever it lies."""
    codes = own_codes(flag.code for flag in line.flags)
    content = (line.item_id, line.annotator, line.state, line.answers, codes, created)
    return digest(msgspec.json.encode(content, order="sorted"))


# --- checking ------------------------------------------------------------------------------------------------------


class _Check:
    """Says of each submission what it answers, and what speaks against counting it for its own sake."""

    def __init__(self, request: ImportRequest, states: _States, name_of: NameOf) -> None:
        self._request = request
        self._states = states
        self._name_of = name_of
        self._answers = AnswerCheck(request.codebook, request.codebook.ref)
        self._codebooks = {unit: request.codebook.for_unit(unit) for unit in ("paragraph", "article", "headline")}

    def checked(self, submission: Submission, item: Item) -> _CheckedSubmission:
        """The submission with its answers in their shape, its state and its own flags."""
        codebook = self._codebooks[item.unit]
        answers = codebook.migrated(answers_in_cells(submission.answers, self._request.columns, codebook))
        annotator = self._name_of(submission.annotator)
        problem = answer_problem(answers, codebook)
        unfinished = submission.sheet and problem is not None and problem[0] == "missing_answer"
        state = "draft" if unfinished and submission.state == "submitted" else submission.state
        flags: tuple[Flag, ...] = ()
        if state == "submitted":
            ref = submission.codebook or self._request.codebook.ref
            flags = (
                *self._answers.flags(answers, item.unit, ref),
                *self._text_flags(submission, item),
                *provenance_flags(self._provenance(submission, item, annotator, answers)),
            )
        return _CheckedSubmission(
            submission=submission, item=item, annotator=annotator, answers=answers, state=state, flags=flags
        )

    def _text_flags(self, submission: Submission, item: Item) -> list[Flag]:
        shown = self._request.texts.get(item.id, "")
        if not submission.text.strip() or plain_words(submission.text) == plain_words(shown):
            return []
        return [Flag(code="other_text", reason=f"{_place(submission)}: the text is not that of the item")]

    def _provenance(self, submission: Submission, item: Item, annotator: str, answers: Answers) -> Provenance:
        role = self._request.projects.get(submission.project)
        sender = submission.sender
        if sender == self._request.administrator and submission.moved_from:
            sender = submission.moved_from  # a push moved the annotation, and noted who had sent it
        is_own = sender in ("", submission.annotator)
        return Provenance(
            annotator=annotator,
            has_account=submission.annotator != NOBODY,
            sender=None if is_own or self._is_harmless(submission, item, annotator, answers) else self._name_of(sender),
            owner=role.owner if role else None,
            kind=self._request.kinds.get(annotator, "human"),
            ground_truth=submission.ground_truth,
        )

    def _is_harmless(self, submission: Submission, item: Item, annotator: str, answers: Answers) -> bool:
        """Whether the answers are the annotator's although somebody else has saved them last; as in a pull."""
        before = None if submission.number is None else self._states.row(submission.number, item, annotator)
        if before is None:
            return submission.ground_truth and submission.sender == self._request.administrator != ""
        is_same = (before.state, before.answers) == (submission.state, answers)
        return is_same and all(flag.code != "forged" for flag in before.flags)


def _place(submission: Submission) -> str:
    """Where a row stands, for the ledger: the name of the file, not where it lies on somebody's disk."""
    return submission.where.rpartition("/")[2]


def _settled(
    lines: Sequence[Annotation], request: ImportRequest, states: _States, observed: str
) -> tuple[list[Annotation], list[Annotation]]:
    """New lines with the flags that depend on other annotations of their items, and known ones whose flags change."""
    touched, replaced = {line.item_id for line in lines}, {_key(line) for line in lines}
    recorded = [line for line in states.latest if line.item_id in touched and _key(line) not in replaced]
    candidates: dict[str, list[Candidate]] = defaultdict(list)
    for line in (*recorded, *lines):
        if line.state == "submitted":
            candidates[line.item_id].append(candidate_of(line, _key(line)))
    surplus: dict[Hashable, Flag] = {}
    for item_id, members in candidates.items():
        surplus |= surplus_flags(members, votes_asked(request.items.get(item_id), request.projects.values()))
    fresh = [_reflagged(line, surplus.get(_key(line))) for line in lines]
    changed = [
        msgspec.structs.replace(again, observed=observed)
        for line in recorded
        if _codes(again := _reflagged(line, surplus.get(_key(line)))) != _codes(line)
    ]
    return fresh, changed


def _key(line: Annotation) -> Hashable:
    origin = line.origin
    return (line.item_id, line.annotator) if origin is None else (origin.server, origin.project, origin.annotation)


def _codes(line: Annotation) -> list[str]:
    return [flag.code for flag in line.flags]


def _reflagged(line: Annotation, flag: Flag | None) -> Annotation:
    """The line with another judgement by the annotations around it, under an id of its own."""
    return _identified(msgspec.structs.replace(line, flags=with_surplus(line.flags, flag)))


# --- what is new ---------------------------------------------------------------------------------------------------


def _new_lines(
    checked: Sequence[_CheckedSubmission], request: ImportRequest, states: _States, observed: str
) -> list[Annotation]:
    lines = []
    for answer, copy in zip(checked, _copies(checked), strict=True):
        line = _line(answer, request, states, copy)
        line = msgspec.structs.replace(line, observed=observed, created=line.created or observed)
        line = msgspec.structs.replace(line, updated=line.updated or answer.submission.created or observed)
        if not states.has(line, answer.submission):
            lines.append(_identified(line))
    return lines


def _copies(checked: Sequence[_CheckedSubmission]) -> list[int]:
    """The rank of each row among those of its item and annotator, by time and answers, never by the file's order."""
    order = sorted(
        range(len(checked)), key=lambda place: (checked[place].submission.created, _answered(checked[place]))
    )
    seen: Counter[tuple[str, str]] = Counter()
    copies = [0] * len(checked)
    for place in order:
        owner = checked[place].item.id, checked[place].annotator
        copies[place] = seen[owner]
        seen[owner] += 1
    return copies


def _answered(answer: _CheckedSubmission) -> bytes:
    return msgspec.json.encode((answer.state, answer.answers), order="sorted")


def _line(answer: _CheckedSubmission, request: ImportRequest, states: _States, copy: int) -> Annotation:
    own = answer.submission
    # Files do not number their rows for good: whose answer to what it is tells a row, as long as it is the only one.
    number = int(digest(f"{answer.item.id}\n{answer.annotator}\n{copy}", 12), 16) if own.number is None else own.number
    origin, before = _origin(own, request, number), states.row(number, answer.item, answer.annotator)
    is_same = before is not None and own.created in ("", before.created)
    if is_same and before and before.origin is not None and origin.server == request.source:
        origin = before.origin  # the same row or annotation in another file
    role = request.projects.get(origin.project) if origin.server == request.server else None
    return Annotation(
        id="",
        item_id=answer.item.id,
        annotator=answer.annotator,
        state=answer.state,
        answers=answer.answers,
        seconds=own.seconds,
        created=own.created or (before.created if before else ""),
        updated=own.updated,
        observed="",
        codebook=own.codebook or request.codebook.ref,
        assigned_by=role.layer if role else "design",
        flags=answer.flags,
        origin=origin,
    )


def _identified(line: Annotation) -> Annotation:
    content = (_number_of(line), line.item_id, line.annotator, line.created, line.updated, _content(line, ""))
    flag = next((flag.code for flag in line.flags if flag.code in SURPLUS), None)
    return msgspec.structs.replace(line, id=digest(msgspec.json.encode((*content, *filter(None, [flag])))))


def _origin(own: Submission, request: ImportRequest, number: int) -> Origin:
    """Where a row lies: an export of the campaign's own project has the annotations that a pull has."""
    if own.number is None or own.item not in request.items or not request.projects:
        return Origin(server=request.source, project=own.project, task=own.task, annotation=number)
    project = own.project or (next(iter(request.projects)) if len(request.projects) == 1 else 0)
    if not project:
        raise DataError(
            f"{own.where}: an export of one of the projects of this campaign, but it does not say of which; "
            "export it as JSON"
        )
    server = request.server if project in request.projects else request.source
    return Origin(server=server, project=project, task=own.task, annotation=number)
