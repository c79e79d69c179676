"""What a server has, read in pages: tasks with their answers, their numbers, drafts, and the database's own counts."""

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
# Annotations that are asked for to be expanded are half as dear for the server as those that come along, and those of
# their fields that are not named cost nothing.
_OF_ANNOTATIONS = (
    "id", "completed_by", "updated_by", "result", "was_cancelled", "ground_truth", "lead_time", "created_at",
    "updated_at", "import_id",
)  # fmt: skip
_FIELDS = ",".join(("id", "data", *(f"annotations.{name}" for name in _OF_ANNOTATIONS)))


T = TypeVar("T", bound=Named)


def condition(field: str, operator: str, kind: str, value: object) -> dict[str, Any]:
    """A condition on tasks, as the server takes it."""
    return {"filter": f"filter:tasks:{field}", "operator": operator, "type": kind, "value": value}


def _query(filters: list[dict[str, Any]], order: str) -> str:
    return json.dumps({"filters": {"conjunction": "and", "items": filters}, "ordering": [order]})


def _clock(header: str | None) -> str | None:
    """The time that an answer bears, as ISO 8601 in UTC.

    >>> _clock("Tue, 24 Nov 2026 11:22:32 GMT")
    '2026-11-24T11:22:32Z'
    """
    try:
        return email.utils.parsedate_to_datetime(header or "").strftime("%Y-%m-%dT%H:%M:%SZ")
    except ValueError:
        return None


class Listing(Transport):
    """A way to a server that reads what is there."""

    def users(self) -> dict[int, str]:
        """The e-mail address of every account, by its id; the server hides those of people who were taken out."""
        listed = self._get("/api/users/", list[StudioAccount], "the accounts")
        return {user.id: user.email for user in listed if "@" in user.email}

    def tasks(self, project_id: int) -> Iterator[ServerTask]:
        """All tasks of a project with their annotations, by id; what the server cannot show is marked."""
        for page in self.task_pages(project_id):
            yield from page

    def task_pages(self, project_id: int, since: str | None = None) -> Iterator[tuple[ServerTask, ...]]:
        """The tasks of a project with their annotations, in pages, by id.

        Args:
            project_id: of the project.
            since: ISO 8601, UTC; only what was changed later by the server's own clock. An answer that is given,
                edited, skipped or deleted changes its task; a draft does not.
        """
        filters = [] if since is None else [condition("updated_at", "greater", "Datetime", since)]
        # `resolve_uri` would have the server look for addresses in every text.
        options = {"include": _FIELDS, "expand": "annotations", "fields": "all", "resolve_uri": "false"}
        return self._pages(project_id, filters, ServerTask, **options)

    def task_numbers(self, project_id: int) -> Iterator[tuple[int, ...]]:
        """The ids of all tasks of a project, in pages: two thirds of the price of their annotations."""
        for page in self._pages(project_id, [], Named, include="id"):
            yield tuple(task.id for task in page)

    def _pages(
        self, project_id: int, filters: list[dict[str, Any]], kind: type[T], **params: str
    ) -> Iterator[tuple[T, ...]]:
        """Each page begins after the last id of the one before: what is deleted meanwhile shifts nothing."""
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
        """A page, also where the server fails for one answer that it cannot show."""
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
        """When a task of a project was last changed, and what the server's clock says."""
        params = {"project": project_id, "include": "id,updated_at", "page_size": 1}
        path = "/api/tasks/?" + urlencode({**params, "query": _query([], "-tasks:updated_at")})
        response = self._request("GET", path, f"project {project_id}")
        with self._speaking(f"project {project_id}"):
            listed = msgspec.json.decode(response.content, type=TaskPage[Changed]).tasks
        return Newest(changed=listed[0].updated_at if listed else None, clock=_clock(response.headers.get("Date")))

    def counts(self, project_ids: Iterable[int]) -> dict[int, Counts]:
        """How many tasks and annotations there are, as the database counts them; a project that is gone is not there.

        The counters that each task carries lose updates when people work at the same time; these do not.
        """
        numbers = ",".join(map(str, project_ids))
        params = {"ids": numbers, "page_size": PAGE, "include": ",".join(Counts.__struct_fields__)}
        listed = self._get("/api/projects/counts/?" + urlencode(params), CountsPage, "the projects").results
        return {row.id: row for row in listed}

    def drafts(self, project_id: int) -> Iterator[tuple[int, ServerAnnotation]]:
        """What has been begun and not submitted, with the task that it belongs to."""
        with_drafts = self._tasks_with_drafts(project_id)
        numbers = {email.casefold(): number for number, email in self.users().items()} if with_drafts else {}
        for task_id in with_drafts:
            response = self._request("GET", f"/api/tasks/{task_id}/drafts", allowed=(404,))
            if response.status_code == 404:
                continue  # the task was deleted just now
            for draft in self._decoded(response, list[StoredDraft]):
                if draft.annotation is None:  # otherwise it edits an annotation, which is listed anyway
                    yield task_id, draft.as_annotation(numbers.get(draft.user.casefold()))

    def _tasks_with_drafts(self, project_id: int) -> list[int]:
        begun = [condition("draft_exists", "equal", "Boolean", True)]
        return [task.id for page in self._pages(project_id, begun, Named, include="id") for task in page]


# --- annotations that the server cannot show --------------------------------------------------------------------------


Listed = Callable[[dict[str, Any]], Sequence[ServerTask]]  # the tasks of a query of the server, with their answers

UNREADABLE = {
    "from_name": "unreadable",
    "type": "textarea",
    "value": {"text": ["the server cannot say what was answered: there is half of a character in it"]},
}


def salvaged(
    tasks: Sequence[ServerTask], listed: Listed, answer: Callable[[int], ServerAnnotation]
) -> Iterator[ServerTask]:
    """Tasks with their answers, those that cannot be read marked as unreadable.

    Args:
        tasks: without what was answered, by id.
        listed: asks the server for tasks with what was answered.
        answer: asks the server for one annotation.
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
