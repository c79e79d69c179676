"""Client for Label Studio: its SDK and its HTTP API behind our records and our errors.

Every failure raises a `StudioError` that names the address and the remedy. Tokens are sent to the server only: no
message, log or record contains one.

The SDK creates projects, updates them and imports tasks. Its own retries are off: a retry after a lost reply would
duplicate tasks. Our own HTTP requests do what the SDK cannot: list tasks by time of change, read the counts of the
database, read drafts, get the next task of the queue, handle invitations and webhooks, treat several status codes as
answers and not as errors, and continue where the server cannot encode one annotation of a page.
"""

import contextlib
import datetime
import email.utils
import itertools
import json
from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import Any
from urllib.parse import urlencode

import httpx
import msgspec

from toolkit.errors import StudioError
from toolkit.files import digest
from toolkit.studio.http.listing import PAGE, Listing, condition
from toolkit.studio.http.retrying import DELETING
from toolkit.studio.http.schemas import (
    AnyProject,
    Deleted,
    DescribedPage,
    DescribedProject,
    Hook,
    Invitation,
    NewAnnotation,
    Organization,
    Project,
    ProjectPage,
    ProjectSettings,
    ProjectTitle,
    QueuedTask,
    SetProjects,
    ShownRow,
    StoredDraft,
    StoredRow,
    StoredTask,
    StudioAccount,
    Touched,
    Version,
)
from toolkit.studio.http.transport import TIMEOUT, ServerFailedError, doubt_about, is_page, refuse_older
from toolkit.times import format_utc

_AS_IT_IS = {"fields": "all", "resolve_uri": "false"}  # with annotations; addresses in texts are not rewritten


def _item_of(data: dict[str, Any]) -> str | None:
    item_id = data.get("item_id")
    return item_id if isinstance(item_id, str) else None


def _project_of(fields: dict[str, Any]) -> Project:
    return msgspec.convert({name: value for name, value in fields.items() if value is not None}, Project)


def data_digest(data: dict[str, Any]) -> str:
    """Hash the data of a task, independent of the order of its fields.

    >>> data_digest({"a": "1", "b": "2"}) == data_digest({"b": "2", "a": "1"})
    True
    """
    return digest(msgspec.json.encode(data, order="sorted"))


def _api_error() -> Any:  # noqa: ANN401 - the SDK has no usable types
    from label_studio_sdk.core.api_error import ApiError

    return ApiError


class Studio(Listing):
    """A connection to a Label Studio server with one account."""

    @cached_property
    def _sdk(self) -> Any:  # noqa: ANN401 - the SDK has no usable types
        import label_studio_sdk

        # Our `Bearer` replaces the header of the SDK, so only one place handles tokens. SDK retries stay off: a retry
        # after a lost reply would import a batch twice.
        return label_studio_sdk.LabelStudio(
            base_url=self.url, api_key="see Bearer", httpx_client=self._http, timeout=TIMEOUT.read, max_retries=0
        )

    @contextlib.contextmanager
    def _speaking(self, about: str) -> Iterator[None]:
        with super()._speaking(about):
            try:
                yield
            except _api_error() as error:
                body = error.body if isinstance(error.body, str) else json.dumps(error.body, default=str)
                raise self._refused(about, error.status_code or 0, body) from None

    # --- accounts --------------------------------------------------------------------------------------------------

    def greet(self) -> str:
        """Check that the server is usable; return a warning about its version, or "".

        Raises:
            StudioError: the server is too old, or the account does not exist there.
        """
        release = self.release()
        refuse_older(self.url, release)
        self.whoami()
        return doubt_about(self.url, release)

    def release(self) -> str:
        """Return the version of Label Studio on the server; "" if the server does not report it."""
        # Sent without a token: the server refuses even this to a removed account.
        with self._speaking("its version"):
            response = self._http.get("/api/version/", auth=None)
            if not response.is_success or is_page(response):
                raise self._refused("its version", response.status_code, response.text)
            return msgspec.json.decode(response.content, type=Version).release

    def whoami(self) -> StudioAccount:
        """Return our own account.

        Raises:
            StudioError: the account does not exist, or has no access to the server any more.
        """
        try:
            return self._get("/api/current-user/whoami", StudioAccount, "our account")
        except ServerFailedError as error:  # the server's only reply to accounts removed from the organization
            raise StudioError(
                f"{self.url}: the server fails for our account: it was taken out of the organization there, or the "
                "server itself is at fault (its log says so); use the token of an account that is a member"
            ) from error

    def invitation(self) -> str:
        """Return the sign-up path for new accounts."""
        link = self._get("/api/invite", Invitation).invite_url
        return "/user/signup" + link.partition("/user/signup")[2]

    def remove_member(self, user_id: int) -> None:
        """Remove an account from the organization; the account and its answers remain."""
        for organization in self._get("/api/organizations", list[Organization], "the organization"):
            path = f"/api/organizations/{organization.id}/memberships/{user_id}/"
            self._request("DELETE", path, f"account {user_id}", allowed=(404,))

    # --- projects --------------------------------------------------------------------------------------------------

    def check_config(self, label_config: str) -> None:
        """Have the server validate a labelling interface.

        Raises:
            StudioError: the server rejects it; the message has the server's reason.
        """
        self._request("POST", "/api/projects/validate/", "the labelling interface", body={"label_config": label_config})

    def projects_described(self, marker: str) -> list[Project]:
        """Return the projects whose description contains a text, oldest first; deleted projects are left out."""
        numbers = sorted(project.id for project in self._described() if marker in (project.description or ""))
        answers = [self._request("GET", f"/api/projects/{number}/", allowed=(404,)) for number in numbers]
        return [self._project_in(answer) for answer in answers if answer.status_code != 404]

    def _described(self) -> Iterator[DescribedProject]:
        for number in itertools.count(1):
            path = f"/api/projects/?include=id,description&page_size={PAGE}&page={number}"
            page = self._get(path, DescribedPage, "the projects")
            yield from page.results
            if page.next is None:
                return

    def project(self, project_id: int) -> Project:
        """Return a project.

        Raises:
            StudioError: no project has that number.
        """
        return self._project_in(self._request("GET", f"/api/projects/{project_id}/", f"project {project_id}"))

    def find_project(self, project_id: int) -> Project | None:
        """Return a project, or None if no project has that number."""
        response = self._request("GET", f"/api/projects/{project_id}/", allowed=(404,))
        return None if response.status_code == 404 else self._project_in(response)

    def projects_set(self, project_ids: Iterable[int]) -> list[Project]:
        """Return projects with their settings by one request; deleted projects are left out."""
        numbers = ",".join(map(str, project_ids))
        params = {"ids": numbers, "page_size": PAGE, "include": ",".join(("id", *ProjectSettings.__struct_fields__))}
        listed = self._get("/api/projects/?" + urlencode(params), SetProjects, "the projects").results
        with self._speaking("the projects"):
            return [_project_of(row) for row in listed]

    def _project_in(self, response: httpx.Response) -> Project:
        with self._speaking(response.url.path):
            return _project_of(msgspec.json.decode(response.content, type=dict[str, Any]))

    def any_project(self, project_id: int) -> AnyProject | None:
        """Return a project of any origin, or None if no project of that number is visible to us."""
        answer = self._request("GET", f"/api/projects/{project_id}/", f"project {project_id}", allowed=(403, 404))
        return self._decoded(answer, AnyProject) if answer.is_success else None

    def some_projects(self) -> list[ProjectTitle]:
        """Return one page of the newest projects that are visible to us."""
        return self._get("/api/projects/?page_size=20&include=id,title&ordering=-id", ProjectPage).results

    def create_project(self, settings: ProjectSettings) -> Project:
        """Create a project and verify its settings."""
        with self._speaking(f"a new project {settings.title!r}"):
            made = self._sdk.projects.create(**msgspec.structs.asdict(settings))
        return self._read_back(made.id, settings)

    def update_project(self, project_id: int, settings: ProjectSettings) -> Project:
        """Update a project and verify its settings."""
        with self._speaking(f"project {project_id}"):
            self._sdk.projects.update(id=project_id, **msgspec.structs.asdict(settings))
        return self._read_back(project_id, settings)

    def delete_project(self, project_id: int) -> None:
        """Delete a project and its contents; a project that does not exist is no error."""
        self._request("DELETE", f"/api/projects/{project_id}/", allowed=(404,))

    def time(self) -> str:
        """Return the server's time, ISO 8601 in UTC to the second; our own time if a proxy removes the header."""
        date = self._request("GET", "/api/version/", "the version").headers.get("date", "")
        try:
            moment = email.utils.parsedate_to_datetime(date)
        except ValueError:
            moment = datetime.datetime.now(datetime.UTC)
        return format_utc(moment)[:19] + "Z"

    def _read_back(self, project_id: int, settings: ProjectSettings) -> Project:
        project = self.project(project_id)
        for name, expected in msgspec.structs.asdict(settings).items():
            actual = getattr(project, name)
            # The server sanitises the HTML of instructions, so only their presence can be verified.
            if actual != expected and not (name == "expert_instruction" and actual):
                raise StudioError(
                    f"{self.url}: project {project_id} has {name} = {actual!r} where {expected!r} was set; this server "
                    "decides otherwise: set it there by hand or use Label Studio 1.23"
                )
        return project

    # --- tasks -----------------------------------------------------------------------------------------------------

    def import_tasks(self, project_id: int, rows: list[dict[str, str]]) -> None:
        """Import tasks, all or none."""
        with self._speaking(f"project {project_id}"):
            try:
                self._sdk.projects.import_tasks(id=project_id, request=[{"data": row} for row in rows])
            except _api_error() as error:
                if error.status_code == 404:
                    self.project(project_id)  # raises if it is gone; the import itself gives an HTML page
                raise

    def stored_tasks(self, project_id: int) -> list[StoredTask]:
        """Return the tasks of a project, by task id."""
        drafts = set(self._tasks_with_drafts(project_id))
        return [
            StoredTask(
                id=task.id,
                project=project_id,
                item_id=_item_of(task.data),
                annotations=len(task.annotations) + (task.id in drafts),
                shows=data_digest(task.data),
            )
            for page in self._pages(project_id, [], StoredRow, include="id,data,annotations", **_AS_IT_IS)
            for task in page
        ]

    def items_there(self, project_id: int, item_ids: list[str]) -> set[str]:
        """Return the given items that the project already shows."""
        filters = [condition("data.item_id", "in_list", "List", item_ids)]
        pages = self._pages(project_id, filters, ShownRow, include="id,data", **_AS_IT_IS)
        return {item for page in pages for task in page if (item := _item_of(task.data)) is not None}

    def first_items(self, project_id: int) -> set[str]:
        """Return the items of the first tasks of a project."""
        page = next(self._pages(project_id, [], ShownRow, include="id,data", **_AS_IT_IS), ())
        return {item for task in page if (item := _item_of(task.data)) is not None}

    def show_instead(self, task_id: int, data: dict[str, str]) -> None:
        """Replace the data of a task; its annotations stay."""
        self._request("PATCH", f"/api/tasks/{task_id}/", body={"data": data})

    def move_answers(self, task_id: int, other: int) -> int:
        """Move all annotations of a task to another task of the same project; return their number.

        Each annotation is moved by one request, so it is never in two places or in none. It keeps its number, author
        and time. The server records us as its last editor; the same request stores the previous editor with the
        annotation (`ServerAnnotation.sender`).
        """
        annotations = self._touched(task_id).annotations
        for annotation in annotations:
            sender = annotation.sender(self._ours)
            body = {"task": other, "import_id": None if sender is None else -sender}
            self._request("PATCH", f"/api/annotations/{annotation.id}/", body=body, allowed=(404,))
        return len(annotations)

    @cached_property
    def _ours(self) -> int:
        return self.whoami().id

    def move_draft(self, draft_id: int, other: int) -> None:
        """Move a draft to another task of the same project."""
        self._request("PATCH", f"/api/drafts/{draft_id}/", body={"task": other}, allowed=(404,))

    def drafts_on(self, task_id: int) -> list[StoredDraft]:
        """Return the drafts of all accounts on a task."""
        response = self._request("GET", f"/api/tasks/{task_id}/drafts", allowed=(404,))
        return [] if response.status_code == 404 else self._decoded(response, list[StoredDraft])

    def _touched(self, task_id: int) -> Touched:
        """Return the answers to a task; empty if another push has merged the task meanwhile."""
        response = self._task(task_id)
        return Touched(annotations=[]) if response.status_code == 404 else self._decoded(response, Touched)

    def _task(self, task_id: int) -> httpx.Response:
        """Request a task, which may be deleted at the same moment."""
        path = f"/api/tasks/{task_id}/"
        try:
            return self._request("GET", path, allowed=(404,))
        except ServerFailedError:  # the server fails when a task is deleted while it is read; the next request gets 404
            return self._request("GET", path, allowed=(404,))

    def delete_untouched(self, project_id: int, task_id: int) -> bool:
        """Delete a task unless it has annotations or drafts; return whether it is gone.

        The server checks and deletes within one request, so an answer that arrives after our own check keeps its task.
        """
        # The task lists all annotations and skips, but only our own drafts.
        if self._touched(task_id).annotations or self.drafts_on(task_id):
            return False
        untouched = [
            condition("annotations_ids", "empty", "List", True),
            condition("draft_exists", "equal", "Boolean", False),
        ]
        body = {
            "filters": {"conjunction": "and", "items": untouched},
            "selectedItems": {"all": False, "included": [task_id]},
        }
        path = f"{DELETING}?id=delete_tasks&project={project_id}"
        if self._decoded(self._request("POST", path, f"task {task_id}", body=body), Deleted).processed_items:
            return True
        return self._task(task_id).status_code == 404

    # --- annotations -----------------------------------------------------------------------------------------------

    def has_annotation(self, annotation_id: int) -> bool:
        """Return whether an annotation still exists."""
        return self._request("GET", f"/api/annotations/{annotation_id}/", allowed=(404,)).status_code != 404

    def delete_annotation(self, annotation_id: int) -> None:
        """Delete an annotation permanently; an annotation that does not exist is no error."""
        self._request("DELETE", f"/api/annotations/{annotation_id}/", allowed=(404,))

    def delete_draft(self, draft_id: int) -> None:
        """Delete a draft permanently; a draft that does not exist is no error."""
        self._request("DELETE", f"/api/drafts/{draft_id}/", allowed=(404,))

    def next_task(self, project_id: int) -> QueuedTask | None:
        """Return the next task of our queue, or None if the queue is empty."""
        response = self._request("GET", f"/api/projects/{project_id}/next/", allowed=(404,))
        if response.status_code == 404:
            self.project(project_id)  # raises if the project is gone, which also gives 404
            return None
        return self._decoded(response, QueuedTask)

    def submit(self, task_id: int, annotation: NewAnnotation) -> bool:
        """Send an annotation; return False if the server already has it."""
        body = msgspec.to_builtins(annotation)
        path = f"/api/tasks/{task_id}/annotations/"
        return self._request("POST", path, body=body, allowed=(409,)).status_code != 409

    # --- webhooks -----------------------------------------------------------------------------------------------------

    def hooks(self) -> list[Hook]:
        """Return the webhooks of the server."""
        return self._get("/api/webhooks/", list[Hook], "the webhooks")

    def add_hook(self, project_id: int, url: str) -> Hook | None:
        """Register a webhook for the answers in a project; None if the server refuses the address."""
        body = {
            "project": project_id, "url": url, "send_payload": False, "send_for_all_actions": False,
            "actions": ["ANNOTATION_CREATED", "ANNOTATION_UPDATED", "ANNOTATIONS_DELETED"],
        }  # fmt: skip
        response = self._request("POST", "/api/webhooks/", "the webhooks", allowed=(400, 403), body=body)
        return None if response.status_code in (400, 403) else self._decoded(response, Hook)

    def remove_hook(self, hook_id: int) -> None:
        """Remove a webhook."""
        self._request("DELETE", f"/api/webhooks/{hook_id}/", allowed=(404,))
