"""Answers that reached us from outside a campaign: one shape for whatever a server, an export or a sheet holds.

Sources differ in how they write an answer. Here each answer is the list of its values; `label_text` makes one text of
them, and the codebook of a campaign gives them their shape.
"""

import datetime
import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Literal

import msgspec
from msgspec import Struct

from toolkit.errors import DataError, UsageError
from toolkit.exchange.label_config import OURS
from toolkit.files import digest

NOBODY = "deleted-account"
JOINT = " | "  # between the labels of an answer that has several
NameOf = Callable[[str], str]  # whoever answered, as the source says it -> pseudonym

_PLAIN_NAME = re.compile(r"[a-z0-9][a-z0-9_-]*")
_LISTED = ("choices", "taxonomy")  # what is ticked: the order says nothing


class Submission(Struct, frozen=True, kw_only=True):
    """What one person did with one item, as a source outside the campaign has it."""

    where: str  # the place in the source, for messages
    item: str
    text: str = ""  # "": the source has none
    annotator: str  # as the source says it; an account of a server is "account 27"
    state: Literal["submitted", "skipped", "draft"] = "submitted"
    answers: Mapping[str, Sequence[Any]]  # question or column -> the values given
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


# --- answers -------------------------------------------------------------------------------------------------------


def values_in(found: Any) -> list[Any]:  # noqa: ANN401 - whatever JSON can hold
    """The values in an answer as Label Studio writes it, in any of its formats.

    >>> values_in({"choices": ["b", "a"]}), values_in([{"rating": 3}]), values_in("a"), values_in(None)
    (['a', 'b'], [3], ['a'], [])
    """
    if found is None or found == "":
        return []
    if isinstance(found, list):
        return [value for each in found for value in values_in(each)]
    return _values_of(found) if isinstance(found, dict) else [found]


def _values_of(value: dict[str, Any]) -> list[Any]:
    for key in _LISTED:
        if isinstance(value.get(key), list):
            return sorted({" > ".join(_path(each)) for each in value[key]})
    for key in ("rating", "number", "datetime", "selected", "pairwise"):
        if key in value:
            return [value[key]]
    if set(value) == {"text"}:
        return list(value["text"]) if isinstance(value["text"], list) else [value["text"]]
    return [value]


def _path(value: Any) -> list[str]:  # noqa: ANN401 - a label, or the way to it in a taxonomy
    return list(map(str, value)) if isinstance(value, list) else [str(value)]


def values_in_cell(cell: Any) -> list[Any]:  # noqa: ANN401 - a cell of any table
    """The values in a cell of a table; what Label Studio wrote there as JSON is read.

    >>> values_in_cell('{"choices":["tax","fish"]}'), values_in_cell("[sic]"), values_in_cell(" ")
    (['fish', 'tax'], ['[sic]'], [])
    """
    if not isinstance(cell, str):
        return values_in(cell)
    if cell.startswith(("[{", '{"')):
        try:
            return values_in(json.loads(cell))
        except ValueError:
            return [cell]
    return [cell] if cell.strip() else []


def label_text(values: Sequence[Any]) -> str | None:
    """An answer as one text, or None where there is none.

    >>> label_text(["fish", "tax"]), label_text([3.0]), label_text([])
    ('fish | tax', '3', None)
    """
    return JOINT.join(map(_text, values)) or None


def _text(value: Any) -> str:  # noqa: ANN401 - whatever JSON can hold
    if isinstance(value, str):
        return value
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return json.dumps(value, ensure_ascii=False, sort_keys=True)


def shown_text(value: Any) -> str:  # noqa: ANN401 - a column of task data may hold anything
    """A column of task data as a text."""
    return "" if value is None else _text(value)


def utc(time: Any) -> str:  # noqa: ANN401 - a cell of any table
    """A time as ISO 8601 in UTC; one without a zone is taken as UTC, "" stays.

    >>> utc("2026-03-01T12:00:00+02:00"), utc("2026-03-01 12:00"), utc("")
    ('2026-03-01T10:00:00.000000Z', '2026-03-01T12:00:00.000000Z', '')

    Raises:
        DataError: that is no time.
    """
    if time is None or time == "":
        return ""
    try:
        moment = time if isinstance(time, datetime.datetime) else datetime.datetime.fromisoformat(str(time).strip())
    except ValueError as error:
        raise DataError(f"{time!r} is no time; 2026-03-01T12:00:00Z is one") from error
    moment = moment if moment.tzinfo else moment.replace(tzinfo=datetime.UTC)
    return moment.astimezone(datetime.UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def is_plain_name(name: str) -> bool:
    """Whether a name is written like a pseudonym; a full name or an address never is.

    >>> is_plain_name("rater-2"), is_plain_name("Ann Ode"), is_plain_name("ann@studio.example")
    (True, False, False)
    """
    return _PLAIN_NAME.fullmatch(name) is not None


def account_name(number: int | None) -> str:
    """An account as a submission names it."""
    return NOBODY if number is None else f"account {number}"


def answers_in(result: list[Any]) -> dict[str, list[Any]]:
    """The values given to each question, by the parts of a result."""
    answers: dict[str, list[Any]] = {}
    for part in result:
        name = part.get("from_name") if isinstance(part, dict) else None
        if isinstance(name, str) and name not in OURS:
            answers.setdefault(name, []).extend(values_in(part.get("value")))
    return answers


# --- one question as a table ---------------------------------------------------------------------------------------


def chosen_question(found: Sequence[str], asked: Sequence[str], where: str) -> str:
    """The one question that is asked for, or the only one that there is.

    Args:
        found: the questions of the source.
        asked: what the user names.
        where: the source.

    Raises:
        UsageError: none or several are named where there are several, or one that is not there.
        DataError: the source has no question.
    """
    listed = ", ".join(found)
    if not found:
        raise DataError(f"{where}: no question in it; it holds no answers")
    if not asked and len(found) == 1:
        return found[0]
    if len(asked) != 1:
        raise UsageError(f"{where}: one question at a time; name it with --question: {listed}")
    if asked[0] not in found:
        raise UsageError(f"{where}: no question {asked[0]!r}; there are {listed}")
    return asked[0]


def vote_rows(
    submissions: Iterable[Submission], question: str, name_of: NameOf, tally: Counter[str]
) -> Iterator[VoteRow]:
    """The rows of a table of votes on a question, as they come; the tally counts them by state.

    Of several submitted votes of a person on an item the first is the vote, the others are repeats.
    """
    voted: set[str] = set()
    for each in submissions:
        row = _row(each, question, name_of(each.annotator))
        key = digest(f"{row.item}\n{row.annotator}")
        if row.state == "submitted" and row.label is not None:
            row = msgspec.structs.replace(row, state="repeat") if key in voted else row
            voted.add(key)
        tally[row.state] += 1
        tally["unanswered"] += row.state == "submitted" and row.label is None
        yield row


def _row(each: Submission, question: str, annotator: str) -> VoteRow:
    return VoteRow(
        item=each.item,
        annotator=annotator,
        label=label_text(each.answers.get(question, ())),
        text=each.text,
        seconds=each.seconds,
        created=each.created or None,
        updated=each.updated or None,
        state=each.state,
    )


# --- the same thing twice ------------------------------------------------------------------------------------------


def without_doubles(submissions: Iterable[Submission]) -> tuple[list[Submission], int]:
    """Each annotation once, in the order of their times, and how many were there once too often.

    An annotation that is there in two states, as in exports of two days, is kept in the later one.
    """
    found: dict[str, Submission] = {}
    count = 0
    for each in submissions:
        count += 1
        key = _identity(each)
        if key not in found or found[key].updated < each.updated:
            found[key] = each
    ordered = sorted(found.values(), key=lambda each: (each.created, each.number or 0))
    return ordered, count - len(found)


def _identity(each: Submission) -> str:
    if each.number is not None:
        return digest(f"{each.number}\n{each.item}\n{each.annotator}\n{each.created}")
    answers = {name: list(values) for name, values in each.answers.items()}
    told = (each.item, each.annotator, each.state, each.created, each.updated, each.text, answers)
    return digest(msgspec.json.encode(told, order="sorted"))


def twins(submissions: Iterable[Submission]) -> list[tuple[str, ...]]:
    """The items whose texts have the same words, links aside: twins that want the same label.

    >>> a, b = (Submission(where="", item=i, text=t, annotator="r", answers={})
    ...         for i, t in [("1", "A ferry! https://x.example/1"), ("2", "a ferry")])
    >>> twins([a, b])
    [('1', '2')]
    """
    items: dict[str, dict[str, None]] = {}
    for each in submissions:
        words = " ".join(re.findall(r"\w+", re.sub(r"https?://\S+", " ", each.text).casefold()))
        if words:
            items.setdefault(digest(words), {})[each.item] = None
    return [tuple(group) for group in items.values() if len(group) > 1]
