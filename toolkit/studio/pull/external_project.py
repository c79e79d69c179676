"""A project that the toolkit did not make, whatever it asks, as the answers of its annotators."""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

from msgspec import Struct

from toolkit.errors import DataError, StudioError, UsageError
from toolkit.exchange.submissions import Submission, account_name, answers_in, shown_text, utc
from toolkit.studio.http.client import Studio
from toolkit.studio.http.schemas import AnyProject, ServerAnnotation, ServerTask

_ADDRESS = re.compile(r"(https?://.+?)/projects/(\d+)(?:[/?#].*)?", re.IGNORECASE)


class ExternalProject(Struct, frozen=True, kw_only=True):
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


def submissions_of(studio: Studio, wanted: ExternalProject) -> Iterator[Submission]:
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
    task: ServerTask, drafts: list[ServerAnnotation], wanted: ExternalProject, *, first: bool
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
