"""A project that the toolkit did not make, whatever it asks, as the answers of its annotators."""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any
from xml.etree import ElementTree as ET

from msgspec import Struct

from toolkit.errors import DataError, StudioError, UsageError
from toolkit.exchange.results import OURS
from toolkit.exchange.submissions import NOBODY, Submission, shown_text, utc, values_in
from toolkit.studio.http.client import Studio
from toolkit.studio.http.schemas import AnyProject, ServerAnnotation, ServerTask

_ADDRESS = re.compile(r"(https?://.+?)/projects/(\d+)(?:[/?#].*)?", re.IGNORECASE)
_FILTERS = ("filter", "shortcut", "relations", "relation")  # tags that bear a name and ask nothing


class AskedQuestion(Struct, frozen=True, kw_only=True):
    """A question as a labelling interface asks it."""

    name: str
    kind: str  # the tag: "choices", "rating"
    columns: tuple[str, ...]  # of the task data, that it is about


class ForeignProject(Struct, frozen=True, kw_only=True):
    """What is to be read from a project."""

    project: int
    item: str | None  # the column of the task data that names the item; None: the number of the task
    text: str | None  # the column with the text; None: there is none


def project_address(address: str) -> tuple[str, int]:
    """The server and the number in the address of a project, as the browser shows it.

    >>> project_address("http://studio.example/ls/projects/12/data?tab=3")
    ('http://studio.example/ls', 12)

    Raises:
        UsageError: that is no such address.
    """
    found = _ADDRESS.fullmatch(address.strip())
    if found is None:
        raise UsageError(
            "the address of a project is needed, as the browser shows it: http://127.0.0.1:8080/projects/12"
        )
    return found[1], int(found[2])


def open_project(studio: Studio, number: int) -> AnyProject:
    """The project of that number.

    Raises:
        StudioError: there is none, or the account may not see it; the message names some that it may.
    """
    project = studio.any_project(number)
    if project is None:
        there = ", ".join(f"{each.id} {each.title!r}" for each in studio.some_projects())
        raise StudioError(f"{studio.url}: no project {number} for this account; there are: {there or 'none'}")
    return project


def asked_questions(label_config: str, where: str) -> list[AskedQuestion]:
    """The questions of a labelling interface, in their order.

    Raises:
        DataError: it cannot be read.
    """
    try:
        view = ET.fromstring(label_config)  # noqa: S314 - expat resolves nothing outside and bounds what entities grow to
    except ET.ParseError as error:
        raise DataError(f"{where}: its labelling interface is not XML ({error}); open and save it there") from error
    shown = {tag.get("name"): tag.get("value", "") for tag in view.iter() if tag.get("toName") is None}
    return [
        AskedQuestion(
            name=tag.get("name", ""),
            kind=tag.tag.lower(),
            columns=_columns(shown, tag.get("toName", "")),
        )
        for tag in view.iter()
        if tag.get("name") and tag.get("toName") and tag.tag.lower() not in _FILTERS and tag.get("name") not in OURS
    ]


def _columns(shown: Mapping[str | None, str], about: str) -> tuple[str, ...]:
    values = [shown.get(name.strip(), "") for name in about.split(",")]
    return tuple(value[1:] for value in values if value.startswith("$"))


def submissions_of(studio: Studio, wanted: ForeignProject) -> Iterator[Submission]:
    """What everybody did with every task, task by task.

    Raises:
        DataError: a column is not there; the message names those that are.
        StudioError: the server is gone, or tasks were deleted while they were read.
    """
    before = open_project(studio, wanted.project).task_number
    drafts: dict[int, list[ServerAnnotation]] = defaultdict(list)
    for task_id, draft in studio.drafts(wanted.project):
        drafts[task_id].append(draft)
    count = 0
    for task in studio.tasks(wanted.project):
        count += 1
        yield from _of_task(task, drafts.get(task.id, []), wanted, first=count == 1)
    if count < min(before, open_project(studio, wanted.project).task_number):
        raise StudioError(f"{studio.url}: {count} of {before} tasks came; the project changed meanwhile: try again")


def _of_task(
    task: ServerTask, drafts: list[ServerAnnotation], wanted: ForeignProject, *, first: bool
) -> Iterator[Submission]:
    where = f"task {task.id}"
    item = str(task.id) if wanted.item is None else shown_text(_cell(task.data, wanted.item, where))
    text = ""
    if wanted.text is not None:
        text = shown_text(_cell(task.data, wanted.text, where) if first else task.data.get(wanted.text))
    for raw in sorted(task.annotations, key=lambda raw: (raw.created_at, raw.id)):
        state = "skipped" if raw.was_cancelled else "submitted"
        yield _submission(raw, where, item, text, state)
    for raw in drafts:
        yield _submission(raw, where, item, text, "draft")


def _cell(data: Mapping[str, Any], column: str, where: str) -> Any:  # noqa: ANN401 - whatever JSON can hold
    if column not in data:
        raise DataError(f"{where}: no column {column!r} in its data; there are {', '.join(data)}")
    return data[column]


def _submission(raw: ServerAnnotation, where: str, item: str, text: str, state: Any) -> Submission:  # noqa: ANN401
    return Submission(
        where=where,
        item=item,
        text=text,
        annotator=account_name(raw.completed_by),
        state=state,
        answers=answers_in(raw.result),
        seconds=raw.lead_time,
        created=utc(raw.created_at),
        updated=utc(raw.updated_at),
        number=raw.id if state != "draft" else None,
    )


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
