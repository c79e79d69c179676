"""Paged reading of a server: tasks with their annotations, task ids, drafts and the counts of the database."""

import email.utils
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, TypeVar
from urllib.parse import urlencode

import msgspec

from toolkit.studio.http.schemas import (
    BareTask,
    Changed,
    Counts,
    CountsPage,
    Named,
    Newest,
    ServerAnnotation,
    ServerTask,
    StoredDraft,
    StudioAccount,
    TaskPage,
)
from toolkit.studio.http.transport import ServerFailedError, Transport

PAGE = 500  # tasks a request: 100 is no faster, 1,000 no slower
# Annotations requested through `expand` cost the server half as much as those included by default, and fields that are
# not requested cost nothing.
_OF_ANNOTATIONS = (
    "id", "completed_by", "updated_by", "result", "was_cancelled", "ground_truth", "lead_time", "created_at",
    "updated_at", "import_id",
)  # fmt: skip
_FIELDS = ",".join(("id", "data", *(f"annotations.{name}" for name in _OF_ANNOTATIONS)))


T = TypeVar("T", bound=Named)


def condition(field: str, operator: str, kind: str, value: object) -> dict[str, Any]:
    """Return a filter condition on tasks in the format of the server."""
    return {"filter": f"filter:tasks:{field}", "operator": operator, "type": kind, "value": value}


def _query(filters: list[dict[str, Any]], order: str) -> str:
    return json.dumps({"filters": {"conjunction": "and", "items": filters}, "ordering": [order]})


def _clock(header: str | None) -> str | None:
    """Convert the date header of a response to ISO 8601 in UTC.

    >>> _clock("Tue, 24 Nov 2026 11:22:32 GMT")
    '2026-11-24T11:22:32Z'
    """
    try:
        return email.utils.parsedate_to_datetime(header or "").strftime("%Y-%m-%dT%H:%M:%SZ")
    except ValueError:
        return None


class Listing(Transport):
    """A connection that reads lists from a server."""

    def users(self) -> dict[int, str]:
        """Return the e-mail address of every account, by id; the server hides those of removed accounts."""
        listed = self._get("/api/users/", list[StudioAccount], "the accounts")
        return {user.id: user.email for user in listed if "@" in user.email}

    def tasks(self, project_id: int) -> Iterator[ServerTask]:
        """Yield all tasks of a project with their annotations, by id; unreadable annotations are marked."""
        for page in self.task_pages(project_id):
            yield from page

    def task_pages(self, project_id: int, since: str | None = None) -> Iterator[tuple[ServerTask, ...]]:
        """Yield the tasks of a project with their annotations, in pages, by id.

        Args:
            project_id: the number of the project.
            since: ISO 8601, UTC; only tasks that changed later by the server's clock. Giving, editing, skipping or
                deleting an answer changes its task; a draft does not.
        """
        filters = [] if since is None else [condition("updated_at", "greater", "Datetime", since)]
        # With `resolve_uri` the server would search every text for addresses.
        options = {"include": _FIELDS, "expand": "annotations", "fields": "all", "resolve_uri": "false"}
        return self._pages(project_id, filters, ServerTask, **options)

    def task_numbers(self, project_id: int) -> Iterator[tuple[int, ...]]:
        """Yield the ids of all tasks of a project, in pages; this costs two thirds of reading the annotations."""
        for page in self._pages(project_id, [], Named, include="id"):
            yield tuple(task.id for task in page)

    def _pages(
        self, project_id: int, filters: list[dict[str, Any]], kind: type[T], **params: str
    ) -> Iterator[tuple[T, ...]]:
        """Yield pages; each page starts after the last id of the previous page, so deletions shift nothing."""
        last = 0
        while True:
            query = _query([*filters, condition("id", "greater", "Number", last)], "tasks:id")
            page = self._whole_page(project_id, kind, query=query, page_size=str(PAGE), **params)
            if page:
                yield page
            if len(page) < PAGE:
                return
            last = page[-1].id

    def _whole_page(self, project_id: int, kind: type[T], **params: str) -> tuple[T, ...]:
        """Return a page, also if the server fails on an annotation that it cannot encode."""
        try:
            return self._page(project_id, kind, **params)
        except ServerFailedError:
            if kind is not ServerTask:
                raise
        bare = self._page(project_id, BareTask, **{**params, "include": _FIELDS.replace(",annotations.result,", ",")})
        tasks = salvaged(
            bare,
            lambda query: self._page(project_id, ServerTask, **{**params, "query": json.dumps(query)}),
            lambda number: self._get(f"/api/annotations/{number}/", ServerAnnotation),
        )
        return tuple(tasks)  # type: ignore[arg-type]

    def _page(self, project_id: int, kind: type[T], **params: str) -> tuple[T, ...]:
        path = "/api/tasks/?" + urlencode({"project": str(project_id), **params})
        response = self._request("GET", path, f"project {project_id}")
        with self._speaking(f"project {project_id}"):
            return msgspec.json.decode(response.content, type=TaskPage[kind]).tasks  # type: ignore[valid-type]

    def newest(self, project_id: int) -> Newest:
        """Return the time of the last change to a task of the project, and the server's time."""
        params = {"project": project_id, "include": "id,updated_at", "page_size": 1}
        path = "/api/tasks/?" + urlencode({**params, "query": _query([], "-tasks:updated_at")})
        response = self._request("GET", path, f"project {project_id}")
        with self._speaking(f"project {project_id}"):
            listed = msgspec.json.decode(response.content, type=TaskPage[Changed]).tasks
        return Newest(changed=listed[0].updated_at if listed else None, clock=_clock(response.headers.get("Date")))

    def counts(self, project_ids: Iterable[int]) -> dict[int, Counts]:
        """Return the database's counts of tasks and annotations by project; deleted projects are left out.

        The counters on each task lose updates when people work at the same time; these counts do not.
        """
        numbers = ",".join(map(str, project_ids))
        params = {"ids": numbers, "page_size": PAGE, "include": ",".join(Counts.__struct_fields__)}
        listed = self._get("/api/projects/counts/?" + urlencode(params), CountsPage, "the projects").results
        return {row.id: row for row in listed}

    def drafts(self, project_id: int) -> Iterator[tuple[int, ServerAnnotation]]:
        """Yield the drafts of a project, each with its task."""
        with_drafts = self._tasks_with_drafts(project_id)
        numbers = {email.casefold(): number for number, email in self.users().items()} if with_drafts else {}
        for task_id in with_drafts:
            response = self._request("GET", f"/api/tasks/{task_id}/drafts", allowed=(404,))
            if response.status_code == 404:
                continue  # the task was deleted just now
            for draft in self._decoded(response, list[StoredDraft]):
                if draft.annotation is None:  # a draft that edits an annotation is listed with the annotation
                    yield task_id, draft.as_annotation(numbers.get(draft.user.casefold()))

    def _tasks_with_drafts(self, project_id: int) -> list[int]:
        begun = [condition("draft_exists", "equal", "Boolean", True)]
        return [task.id for page in self._pages(project_id, begun, Named, include="id") for task in page]


# --- annotations that the server cannot encode
# --------------------------------------------------------------------------


Listed = Callable[[dict[str, Any]], Sequence[ServerTask]]  # runs a query on the server: its tasks with their answers

UNREADABLE = {
    "from_name": "unreadable",
    "type": "textarea",
    "value": {"text": ["the server cannot say what was answered: there is half of a character in it"]},
}


def salvaged(
    tasks: Sequence[ServerTask], listed: Listed, answer: Callable[[int], ServerAnnotation]
) -> Iterator[ServerTask]:
    """Yield tasks with their answers; answers that the server cannot encode are marked as unreadable.

    Args:
        tasks: tasks without their answers, by id.
        listed: requests tasks with their answers.
        answer: requests one annotation.
    """
    if not tasks:
        return
    try:
        yield from listed(_between(tasks[0].id, tasks[-1].id))
    except ServerFailedError:
        if len(tasks) == 1:
            yield _marked(tasks[0], answer)
            return
        middle = len(tasks) // 2
        yield from salvaged(tasks[:middle], listed, answer)
        yield from salvaged(tasks[middle:], listed, answer)


def _between(first: int, last: int) -> dict[str, Any]:
    value = {"min": first, "max": last}
    within = {"filter": "filter:tasks:id", "operator": "in", "type": "Number", "value": value}
    return {"filters": {"conjunction": "and", "items": [within]}}


def _marked(task: ServerTask, answer: Callable[[int], ServerAnnotation]) -> ServerTask:
    whole = []
    for annotation in task.annotations:
        try:
            whole.append(answer(annotation.id))
        except ServerFailedError:
            whole.append(msgspec.structs.replace(annotation, result=[UNREADABLE]))
    return msgspec.structs.replace(task, annotations=tuple(whole))
