"""Answers from files as new lines for a campaign's ledger: matched to its items, judged by its codebook, each once."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal

import msgspec
from msgspec import Struct

from toolkit.campaigns.display import printable
from toolkit.codebook import Codebook, Question, asked_about
from toolkit.errors import DataError
from toolkit.exchange.results import answer_problem
from toolkit.exchange.submissions import JOINT, NameOf, Submission, label_text
from toolkit.files import digest
from toolkit.labels.ledger import latest, settle
from toolkit.records import Annotation, Answers, Flag, Item, Origin

Kind = Literal["human", "model", "rule", "simulated"]

_BY = {"model": "by_model", "rule": "by_rule"}  # flags that keep a vote from counting as a person's
_SEPARATORS = (JOINT, "|", ";", ",")


class ImportRequest(Struct, frozen=True, kw_only=True):
    """What is imported into, and how it is read."""

    items: Mapping[str, Item]
    texts: Mapping[str, str]  # by item id
    codebook: Codebook
    columns: Mapping[str, str]  # column of the source -> question
    kinds: Mapping[str, Kind]  # what annotators are; whoever is not there is a person
    source: str  # the name of the file
    server: str = ""  # where the campaign stands, if it was pushed
    projects: tuple[int, ...] = ()


class Imported(Struct, frozen=True, kw_only=True):
    """What an import found."""

    annotations: list[Annotation]  # the new lines of the ledger
    known: int  # that the ledger has already
    by_text: int  # matched to an item by its text alone
    unmatched: tuple[Submission, ...]  # that belong to no item
    empty: int  # rows of a table that answer no question


class _Judged(Struct, frozen=True, kw_only=True):
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
    known: Sequence[Annotation],
    name_of: NameOf,
    observed: str,
) -> Imported:
    """What the submissions hold and the ledger has not.

    Args:
        submissions: of one file, in the order of their times.
        request: the campaign.
        known: the ledger, in its order.
        name_of: the pseudonym of whoever answered.
        observed: this moment.
    """
    matcher = _Matcher(request)
    rows = list(submissions)
    answered = [each for each in rows if each.sheet or _answers_something(each, request)]
    matched = [(each, matcher.item_of(each)) for each in answered]
    judge = _Judge(request, known)
    judged = [judge.judged(each, item, name_of(each.annotator)) for each, item in matched if item is not None]
    lines, known_count = _new_lines(judged, request, known, observed)
    return Imported(
        annotations=lines,
        known=known_count,
        by_text=matcher.by_text,
        unmatched=tuple(each for each, item in matched if item is None),
        empty=len(rows) - len(answered),
    )


def _answers_something(each: Submission, request: ImportRequest) -> bool:
    """Whether a row of a table has an answer: one that was never filled in holds the texts of its item alone."""
    if each.state != "submitted" or each.number is not None or not each.answers:
        return True
    return any(value != "" for name in request.columns for value in each.answers.get(name, ()))


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

    def item_of(self, each: Submission) -> Item | None:
        """The item, or None."""
        if each.item in self._items:
            return self._items[each.item]
        found = self._by_text.get(plain_words(each.text))
        self.by_text += found is not None
        return None if found is None else self._items[found]


# --- judging -------------------------------------------------------------------------------------------------------


class _Judge:
    """Says of each submission, in their order, what it answers and what speaks against counting it."""

    def __init__(self, request: ImportRequest, known: Sequence[Annotation]) -> None:
        self._request = request
        self._codebooks = {
            unit: asked_about(request.codebook, unit) for unit in {item.unit for item in request.items.values()}
        }
        self._counted: dict[str, set[str]] = defaultdict(set)
        for line in settle(known, request.items).counted:
            self._counted[line.item_id].add(line.annotator)
        self._first: dict[tuple[str, str], str] = {}  # item and annotator -> where the first vote stands

    def judged(self, each: Submission, item: Item, annotator: str) -> _Judged:
        """The submission with its answers in their shape, its state and its flags."""
        codebook = self._codebooks[item.unit]
        answers = codebook.migrated(shaped_answers(each, self._request.columns, codebook))
        problem = answer_problem(answers, codebook) or codebook.problem_with(answers)
        unfinished = each.sheet and problem is not None and problem[0] == "missing_answer"
        state = "draft" if unfinished and each.state == "submitted" else each.state
        flags: list[Flag] = []
        if state == "submitted":
            flags += [Flag(code=problem[0], reason=problem[1])] if problem else []
            flags += self._doubts(each, item, self._request.kinds.get(annotator, "human"))
            flags += self._surplus(each, item, annotator, flags)
        return _Judged(
            submission=each, item=item, annotator=annotator, answers=answers, state=state, flags=tuple(flags)
        )

    def _doubts(self, each: Submission, item: Item, kind: Kind) -> list[Flag]:
        flags = []
        shown = self._request.texts.get(item.id, "")
        if each.text.strip() and plain_words(each.text) != plain_words(shown):
            flags.append(Flag(code="other_text", reason=f"{_place(each)}: the text beside it is not that of the item"))
        if kind in _BY:
            flags.append(Flag(code=_BY[kind], reason=f"given by a {kind}, not by a person"))
        return flags

    def _surplus(self, each: Submission, item: Item, annotator: str, flags: Sequence[Flag]) -> list[Flag]:
        """Flag what comes after a person's first vote in the file, and after the votes that were asked for."""
        if any(flag.code == "other_text" for flag in flags):
            return []  # a row that slipped to another item must not cost the person the vote on that one
        first = self._first.get((item.id, annotator))
        if first is not None:
            return [Flag(code="second_vote", reason=f"the annotator's vote in {first} came first and counts")]
        self._first[item.id, annotator] = _place(each)
        others = self._counted[item.id] - {annotator}
        if flags:
            return []
        if len(others) >= item.votes:
            return [Flag(code="beyond_overlap", reason=f"vote {len(others) + 1} where {item.votes} were asked for")]
        self._counted[item.id].add(annotator)
        return []


def _place(each: Submission) -> str:
    """Where a row stands, for the ledger: the name of the file, not where it lies on somebody's disk."""
    return each.where.rpartition("/")[2]


# --- answers in their shape ----------------------------------------------------------------------------------------


def shaped_answers(each: Submission, columns: Mapping[str, str], codebook: Codebook) -> Answers:
    """The answers of a submission as the codebook has them; what it does not foresee is kept as it came."""
    answers: Answers = {}
    for column, question_name in columns.items():
        values = [value for value in each.answers.get(column, ()) if value != ""]
        question = next((q for q in codebook.questions if q.name == question_name), None)
        if values:
            answers[question_name] = label_text(values) if question is None else _shaped(values, question)
    return answers


def _shaped(values: Sequence[Any], question: Question) -> Any:  # noqa: ANN401 - an answer, by its kind
    if question.kind == "span":
        spans = [{"start": v.get("start"), "end": v.get("end")} if isinstance(v, dict) else v for v in values]
        return sorted(spans, key=str)
    texts = [label_text([value]) or "" for value in values]
    if question.kind == "text":
        return "\n".join(texts)
    if question.kind == "rating":
        return int(texts[0]) if len(texts) == 1 and texts[0].strip().isdecimal() else label_text(values)
    if question.kind == "choices":
        order = {label: place for place, label in enumerate(question.label_names)}
        codes = {label_code(part, question) for text in texts for part in _parts(text, question)}
        return sorted(codes, key=lambda label: (order.get(label, len(order)), label))
    return label_code(texts[0], question) if len(texts) == 1 else texts


def _parts(text: str, question: Question) -> list[str]:
    """The labels in a cell that holds several, where it can be read in one way only."""
    if label_code(text, question) in question.label_names:
        return [text]
    for separator in _SEPARATORS:
        parts = [part.strip() for part in text.split(separator) if part.strip()]
        if len(parts) > 1 and all(label_code(part, question) in question.label_names for part in parts):
            return parts
    return [text]


def label_code(text: str, question: Question) -> str:
    """The code of the label that a text names by code or title, case and blanks aside; the text where none is.

    Two labels that differ in nothing else are never guessed between.
    """
    if text in question.label_names:
        return text
    named: dict[str, set[str]] = defaultdict(set)
    for label in question.labels:
        for name in (label.name, *label.title.values()):
            named[_folded(name)].add(label.name)
    exact = {label.name for label in question.labels if text.strip() in label.title.values()}
    found = exact or named.get(_folded(text), set())
    return next(iter(found)) if len(found) == 1 else text.strip()


def _folded(text: str) -> str:
    return " ".join(text.split()).casefold()


# --- what is new ---------------------------------------------------------------------------------------------------


_Numbered = tuple[int | None, str, str]  # number of an annotation, item, time


def _new_lines(
    judged: Sequence[_Judged], request: ImportRequest, known: Sequence[Annotation], observed: str
) -> tuple[list[Annotation], int]:
    now = latest(known)
    there = {_content(line, line.created) for line in now} | {_content(line, "") for line in now}
    newest: dict[_Numbered, str] = {}
    for line in now:
        newest[_numbered(line)] = max(line.updated, newest.get(_numbered(line), ""))
    copies: Counter[tuple[str, str]] = Counter()
    lines = []
    for each in judged:
        copy = copies[each.item.id, each.annotator]
        copies[each.item.id, each.annotator] += 1
        line = _line(each, request, observed, copy)
        # The ledger may have the same annotation of a server in a state that is as new: a pull has brought it.
        pulled = each.submission.number is not None and newest.get(_numbered(line), "") >= line.updated
        if not pulled and _content(line, each.submission.created) not in there:
            lines.append(line)
    return lines, len(judged) - len(lines)


def _numbered(line: Annotation) -> _Numbered:
    return (line.origin.annotation if line.origin else None), line.item_id, line.created


def _content(line: Annotation, created: str) -> str:
    """What makes two sightings of a row the same one, wherever it lies."""
    told = (line.item_id, line.annotator, line.state, line.answers, [flag.code for flag in line.flags], created)
    return digest(msgspec.json.encode(told, order="sorted"))


def _line(each: _Judged, request: ImportRequest, observed: str, copy: int) -> Annotation:
    own = each.submission
    # Files do not number their rows for good: whose answer to what it is tells a row, as long as it is the only one.
    number = int(digest(f"{each.item.id}\n{each.annotator}\n{copy}", 12), 16) if own.number is None else own.number
    line = Annotation(
        id="",
        item_id=each.item.id,
        annotator=each.annotator,
        state=each.state,
        answers=each.answers,
        seconds=own.seconds,
        created=own.created or observed,
        updated=own.updated or own.created or observed,
        observed=observed,
        codebook=own.codebook or request.codebook.ref,
        flags=each.flags,
        origin=_origin(own, request, number),
    )
    told = (number, line.item_id, line.annotator, line.created, line.updated, _content(line, ""))
    return msgspec.structs.replace(line, id=digest(msgspec.json.encode(told)))


def _origin(own: Submission, request: ImportRequest, number: int) -> Origin:
    """Where a row lies: an export of the campaign's own project has the annotations that a pull has."""
    if own.number is None or own.item not in request.items or not request.projects:
        return Origin(server=request.source, project=own.project, task=own.task, annotation=number)
    project = own.project or (request.projects[0] if len(request.projects) == 1 else 0)
    if not project:
        raise DataError(
            f"{own.where}: an export of one of the projects of this campaign, but it does not say of which; "
            "export it as JSON"
        )
    server = request.server if project in request.projects else request.source
    return Origin(server=server, project=project, task=own.task, annotation=number)
