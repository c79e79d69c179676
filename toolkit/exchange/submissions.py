"""Answers from outside a campaign: one record for whatever a server, an export, a table or a sheet holds.

An answer is the list of its values; `label_text` makes one text of them, and `answers_in_cells` gives them the shape
that a campaign's codebook has.
"""

import datetime
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import msgspec
from msgspec import Struct

from toolkit.errors import DataError, UsageError
from toolkit.exchange.results import is_about_region, label_text
from toolkit.files import digest
from toolkit.people import WithdrawnPeople
from toolkit.runs import Result
from toolkit.tables import written_table
from toolkit.times import format_utc, parse_utc
from toolkit.words import plural

NOBODY = "deleted-account"
_BY_PLACE = "so that unknown-1, unknown-2, … are places on an item and not people"
NameOf = Callable[[str], str]  # whoever answered, as the source says it -> pseudonym


class Submission(Struct, frozen=True, kw_only=True):
    """One person's work on one item, as its source has it."""

    where: str  # the place in the source, for messages
    item: str
    server: int = 0  # from 1, where files come from several
    text: str = ""  # "": the source has none
    data: str = ""  # what tells the data of its task from that of another; "": unknown
    is_task: bool = False  # whether `item` is the number of a task, which another project may use too
    annotator: str  # as the source names them; an account of a server is "account 27"
    has_author: bool = True  # else `annotator` is a place among the annotations of the task
    email: str = ""  # of the account, where the source has both
    state: Literal["submitted", "skipped", "draft"] = "submitted"
    answers: Mapping[str, Sequence[Any]]  # question or column -> the values given
    has_plain_answers: bool = True  # else a column of the task's data may be among them
    seconds: float | None = None
    created: str = ""  # ISO 8601, UTC; "": unknown
    updated: str = ""
    project: int = 0  # 0: unknown
    task: int = 0
    number: int | None = None  # of the annotation on its server
    sender: str = ""  # whose account saved it last, as `annotator` names accounts; "": the source does not say
    moved_from: str = ""  # whose account had saved it before a push moved it to another task
    ground_truth: bool = False  # marked as the right answer
    codebook: str = ""  # the one that the person saw, where the source says it
    sheet: bool = False  # a sheet that is filled in bit by bit: an answer that is missing may still come


# --- names and times -------------------------------------------------------------------------------------------------


def utc(time: Any) -> str:  # noqa: ANN401 - a cell of any table
    """A time as ISO 8601 in UTC; seconds since 1970 are a time, "" stays.

    >>> utc("2026-03-01T12:00:00+02:00"), utc("2026-03-01 12:00"), utc(1600000000), utc("")
    ('2026-03-01T10:00:00.000000Z', '2026-03-01T12:00:00.000000Z', '2020-09-13T12:26:40.000000Z', '')

    Raises:
        DataError: that is no time.
    """
    if time is None or time == "":
        return ""
    if isinstance(time, datetime.datetime):
        return format_utc(time)
    if isinstance(time, int | float) and not isinstance(time, bool):
        return _since_1970(time)
    text = parse_utc(str(time))
    if text is None:
        raise DataError(f"{time!r} is no time; 2026-03-01T12:00:00Z is one")
    return text


def _since_1970(seconds: float) -> str:
    try:
        return format_utc(datetime.datetime.fromtimestamp(seconds, datetime.UTC))
    except (OverflowError, ValueError, OSError) as error:
        raise DataError(f"{seconds!r} is no time in seconds since 1970") from error


def account_name(account: Any) -> str:  # noqa: ANN401 - a number, an address, or an object with both
    """An account as a submission names it.

    >>> account_name(27), account_name({"id": 27, "email": "Ann@studio.example"}), account_name("Ann@Studio.example")
    ('account 27', 'account 27', 'account ann@studio.example')
    """
    if isinstance(account, dict):
        account = account.get("id", account.get("email"))
    return NOBODY if account in (None, "") else f"account {account}".casefold()


def email_of(account: Any) -> str:  # noqa: ANN401 - a number, an address, or an object with both
    """The address of an account in small letters; "" where the source does not say it."""
    email = account.get("email") if isinstance(account, dict) else None
    return email.casefold() if isinstance(email, str) else ""


def with_one_name_a_person(submissions: Sequence[Submission]) -> list[Submission]:
    """The submissions with each account under its number, also where a source has its address alone."""
    numbers = {f"account {row.email}": row.annotator for row in submissions if row.email and row.annotator != NOBODY}
    return [
        msgspec.structs.replace(row, annotator=numbers[row.annotator]) if row.annotator in numbers else row
        for row in submissions
    ]


def with_servers(files: Sequence[Sequence[Submission]]) -> list[list[Submission]]:
    """The submissions of files with the server that each file comes from.

    Two files come from two servers where they use one number for annotations that were created at different times.
    """
    servers: list[dict[int, str]] = []  # the number of each annotation, and when it was created
    places: list[int] = []
    for file in files:
        created = {row.number: row.created for row in file if row.number is not None and row.created}
        fits = (all(times.get(number, time) == time for number, time in created.items()) for times in servers)
        place = next((place for place, is_same in enumerate(fits) if is_same), len(servers))
        servers[place : place + 1] = [(servers[place] if place < len(servers) else {}) | created]
        places.append(place)
    if len(servers) < 2:
        return [list(file) for file in files]
    return [
        [msgspec.structs.replace(row, server=place + 1) for row in file]
        for file, place in zip(files, places, strict=True)
    ]


def with_distinct_items(submissions: Sequence[Submission]) -> list[Submission]:
    """The submissions with the project before the number of a task where two projects use the same number.

    Where the source does not name the project, or two servers use one number for it, the servers and the texts tell
    tasks apart, or the data where the text is not known, unless an annotation that both hold shows that they are one
    task.
    """
    groups: defaultdict[str, list[Submission]] = defaultdict(list)
    for row in submissions:
        if row.is_task:
            groups[row.item].append(row)
    names: dict[tuple[str, int, str], str] = {}
    for item, rows in groups.items():
        projects = sorted({row.project for row in rows if row.project})
        for project in projects or [0]:
            prefix = f"{project}/" if len(projects) > 1 else ""
            same = [row for row in rows if row.project in (project, 0)]
            texts = _texts_apart(same)
            for text in {_content(row) for row in same}:
                suffix = f"#{texts.index(text) + 1}" if text in texts and len(texts) > 1 else ""
                names[item, project, text] = f"{prefix}{item}{suffix}"
                names.setdefault((item, 0, text), f"{prefix}{item}{suffix}")
    return [
        msgspec.structs.replace(row, item=names[row.item, row.project, _content(row)]) if row.is_task else row
        for row in submissions
    ]


def _content(row: Submission) -> str:
    """What tells the task of a submission from others of its number; "" where nothing does."""
    content = row.text or row.data
    return f"{row.server} {content}" if row.server else content


def _texts_apart(rows: Iterable[Submission]) -> list[str]:
    """The texts of one task number that belong to different tasks, sorted; none where they are one task."""
    by_annotation: defaultdict[tuple[int | None, str], set[str]] = defaultdict(set)
    for row in rows:
        by_annotation[row.number, row.created].add(_content(row))
    is_shared = any(len(texts) > 1 for (number, _), texts in by_annotation.items() if number is not None)
    return [] if is_shared else sorted({text for texts in by_annotation.values() for text in texts if text})


# --- one question as a table ---------------------------------------------------------------------------------------


class VoteRow(Struct, frozen=True, kw_only=True):
    """A row of a table of votes on one question."""

    item: str
    annotator: str
    label: str | None  # None: no answer
    text: str
    seconds: float | None
    created: str | None
    updated: str | None
    state: Literal["submitted", "skipped", "draft", "repeat"]  # repeat: not the person's first vote on the item


class VoteTable(Result, frozen=True, kw_only=True):
    """Votes on one question, written as a table."""

    output: str
    question: str
    rows: int = 0
    items: int = 0  # with a vote
    annotators: int = 0
    submitted: int = 0
    skipped: int = 0
    draft: int = 0
    repeat: int = 0
    unanswered: int = 0  # submitted without an answer to the question
    withdrawn: int = 0  # left out, of people who withdrew
    no_annotator: int = 0  # left out, since nobody can tell which deleted account gave which
    keys: str | None = None  # the file that says who the annotators are
    project: int | None = None
    text: str | None = None  # the column of the text
    files: tuple[str, ...] = ()
    no_author: int = 0  # kept, of annotations without an author, who are told apart by their place on the item
    doubles: int = 0  # annotations that were there twice
    twins: tuple[tuple[str, ...], ...] = ()  # items with the same words

    def line(self) -> str:
        """The votes, and what was left out."""
        votes = plural(self.submitted - self.unanswered, "vote")
        left_out = {
            "skipped": self.skipped,
            "drafts": self.draft,
            "repeated": self.repeat,
            "without an answer to it": self.unanswered,
            "of people who withdrew": self.withdrawn,
            "of deleted accounts": self.no_annotator,
        }
        counts = ", ".join(f"{number} {what}" for what, number in left_out.items() if number)
        parts = [
            f"{self.output}: {plural(self.rows, 'row')} on {self.question}, {votes} on {plural(self.items, 'item')} by "
            f"{plural(self.annotators, 'annotator')}; not counted: {counts or 'none'}"
        ]
        parts += [f"{self.keys} names the annotators"] if self.keys else []
        parts += [f"{plural(self.no_author, 'annotation')} without an author, {_BY_PLACE}"] if self.no_author else []
        parts += [f"{plural(self.doubles, 'annotation')} occurred twice"] if self.doubles else []
        parts += [f"{plural(len(self.twins), 'group')} of items have the same words"] if self.twins else []
        return "; ".join(parts)


def write_vote_table(
    path: Path,
    submissions: Iterable[Submission],
    question: str,
    name_of: NameOf,
    has_withdrawn: Callable[[str], bool] = lambda _: False,
) -> VoteTable:
    """Write the votes on a question as a table, as they come.

    Args:
        path: the table.
        submissions: in the order of their times.
        question: whose answers are the labels.
        name_of: the pseudonym of whoever answered.
        has_withdrawn: whether whoever answered has withdrawn.
    """
    tally: Counter[str] = Counter()
    items: set[str] = set()
    names: set[str] = set()
    columns = {name: float if name == "seconds" else str for name in VoteRow.__struct_fields__}
    staying = (row for row in submissions if not _is_left_out(row, has_withdrawn, tally))
    with written_table(path, columns) as put:
        for row in vote_rows(staying, question, name_of, tally):
            put(msgspec.structs.asdict(row))
            tally["rows"] += 1
            names.add(row.annotator)
            if row.state == "submitted" and row.label is not None:
                items.add(row.item)
    table = VoteTable(output=str(path), question=question, items=len(items), annotators=len(names))
    return msgspec.structs.replace(table, **tally)


def _is_left_out(row: Submission, has_withdrawn: Callable[[str], bool], tally: Counter[str]) -> bool:
    reason = "no_annotator" if row.annotator == NOBODY else "withdrawn" if has_withdrawn(row.annotator) else ""
    tally.update([reason] if reason else [])
    return bool(reason)


def vote_rows(
    submissions: Iterable[Submission], question: str, name_of: NameOf, tally: Counter[str]
) -> Iterator[VoteRow]:
    """The rows of a table of votes on a question, as they come; the tally counts them by state.

    Of several submitted votes of a person on an item the first is the vote, the others are repeats.

    Raises:
        DataError: the question is about regions, so that its answers are no labels of items.
    """
    voted: set[str] = set()
    for submission in submissions:
        row = _vote_row(submission, question, name_of(submission.annotator))
        key = digest(f"{row.item}\n{row.annotator}")
        tally.update([] if submission.has_author else ["no_author"])
        if row.state == "submitted" and row.label is not None:
            row = msgspec.structs.replace(row, state="repeat") if key in voted else row
            voted.add(key)
        tally[row.state] += 1
        tally["unanswered"] += row.state == "submitted" and row.label is None
        yield row


def _vote_row(submission: Submission, question: str, annotator: str) -> VoteRow:
    values = submission.answers.get(question, ())
    if any(map(is_about_region, values)):
        raise DataError(
            f"{submission.where}: {question!r} is asked about each marked region, so its answers are no labels of "
            "items; choose a question about the whole item with --question"
        )
    return VoteRow(
        item=submission.item,
        annotator=annotator,
        label=label_text(values),
        text=submission.text,
        seconds=submission.seconds,
        created=submission.created or None,
        updated=submission.updated or None,
        state=submission.state,
    )


def chosen_question(questions: Sequence[str], named: Sequence[str], where: str) -> str:
    """The question that is named, or the only one.

    Args:
        questions: of the source; in a repeater's name the place of the number stands as ``{{idx}}``.
        named: by the user.
        where: the source.

    Raises:
        UsageError: none or several are named where there are several, or one that is not there.
        DataError: the source has no question.
    """
    listed = ", ".join(questions)
    if not questions:
        raise DataError(f"{where}: no question in it; it holds no answers")
    if not named and len(questions) == 1 and "{{" not in questions[0]:
        return questions[0]
    if len(named) != 1:
        raise UsageError(f"{where}: one question at a time; name it with --question: {listed}")
    if not any(is_repetition(named[0], question) for question in questions):
        raise UsageError(f"{where}: no question {named[0]!r}; there are {listed}")
    return named[0]


def is_repetition(name: str, pattern: str) -> bool:
    """Whether a name is that of a question, or one of a repeater's.

    >>> is_repetition("tone_2", "tone_{{idx}}"), is_repetition("tone", "tone"), is_repetition("tone_x", "tone_{{idx}}")
    (True, True, False)
    """
    return re.fullmatch(re.sub(r"\\{\\{.*?\\}\\}", r"\\d+", re.escape(pattern)), name) is not None


# --- annotations that occur twice ------------------------------------------------------------------------------------


def without_doubles(submissions: Iterable[Submission]) -> tuple[list[Submission], int]:
    """Each annotation once, in the order of their times, and how many occurred once too often.

    An annotation that occurs in two states, as in exports of two days, is kept in the later one.
    """
    unique: dict[str, Submission] = {}
    count = 0
    for submission in submissions:
        count += 1
        key = _identity(submission)
        if key not in unique or unique[key].updated < submission.updated:
            unique[key] = submission
    ordered = sorted(unique.values(), key=lambda row: (row.created, row.number or 0))
    return ordered, count - len(unique)


def _identity(row: Submission) -> str:
    if row.number is not None:
        return digest(f"{row.number}\n{row.item}\n{row.annotator}\n{row.created}")
    answers = {name: list(values) for name, values in row.answers.items()}
    content = (row.item, row.annotator, row.state, row.created, row.updated, row.text, answers)
    return digest(msgspec.json.encode(content, order="sorted"))


def twins(submissions: Iterable[Submission]) -> list[tuple[str, ...]]:
    """The items whose texts have the same words, links aside: twins that want the same label.

    >>> a, b = (Submission(where="", item=i, text=t, annotator="r", answers={})
    ...         for i, t in [("1", "A ferry! https://x.example/1"), ("2", "a ferry")])
    >>> twins([a, b])
    [('1', '2')]
    """
    items: dict[str, dict[str, None]] = {}
    for row in submissions:
        words = " ".join(re.findall(r"\w+", re.sub(r"https?://\S+", " ", row.text).casefold()))
        if words:
            items.setdefault(digest(words), {})[row.item] = None
    return [tuple(group) for group in items.values() if len(group) > 1]


# --- people who withdrew --------------------------------------------------------------------------------------------


def without_withdrawn(submissions: Iterable[Submission], people: WithdrawnPeople) -> tuple[list[Submission], int]:
    """The submissions without those of people who withdrew, and how many these are."""
    given = list(submissions)
    left = [submission for submission in given if not people.has(submission.annotator)]
    return left, len(given) - len(left)
