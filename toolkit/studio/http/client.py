"""The one door to Label Studio: its SDK and its HTTP interface behind our records and our errors.

Whatever goes wrong on the way is a `StudioError` that names the address and the remedy. Tokens are sent to the
server and nowhere else: no message, no log and no record holds one.

The SDK creates projects, updates them and imports tasks, with its own retries off: it would repeat a request whose
reply was lost, and tasks would be doubled. Our own HTTP does what the SDK cannot: pages of tasks that changed since a
moment, the database's own counts, drafts, the queue's next task, invitations, webhooks, several status codes that
are answers and not errors, and reading on where the server cannot encode one annotation of a page.
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

_AS_IT_IS = {"fields": "all", "resolve_uri": "false"}  # with annotations, and no address in a text put otherwise


def _item_of(data: dict[str, Any]) -> str | None:
    item_id = data.get("item_id")
    return item_id if isinstance(item_id, str) else None


def _project_of(fields: dict[str, Any]) -> Project:
    return msgspec.convert({name: value for name, value in fields.items() if value is not None}, Project)


def data_digest(data: dict[str, Any]) -> str:
    """What tells the data of two tasks apart.

    >>> data_digest({"a": "1", "b": "2"}) == data_digest({"b": "2", "a": "1"})
    True
    """
    return digest(msgspec.json.encode(data, order="sorted"))


def _api_error() -> Any:  # noqa: ANN401 - the SDK has no types that we could name
    from label_studio_sdk.core.api_error import ApiError

    return ApiError


class Studio(Listing):
    """A Label Studio server and the account that we use there."""

    @cached_property
    def _sdk(self) -> Any:  # noqa: ANN401 - the SDK has no types that we could name
        import label_studio_sdk

        # Our `Bearer` replaces the header that the SDK sets: there is one place that knows tokens. The SDK would
        # repeat a request whose answer was lost, and so import a batch twice: it must not.
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
        """Make sure that this is a server that we can work with; what to bear in mind about its version, or "".

        Raises:
            StudioError: it is older than we need, or has no account for us.
        """
        release = self.release()
        refuse_older(self.url, release)
        self.whoami()
        return doubt_about(self.url, release)

    def release(self) -> str:
        """The version of Label Studio that stands there; "" where it does not say."""
        # Asked as nobody: of an account that was taken out the server would not even tell this.
        with self._speaking("its version"):
            response = self._http.get("/api/version/", auth=None)
            if not response.is_success or is_page(response):
                raise self._refused("its version", response.status_code, response.text)
            return msgspec.json.decode(response.content, type=Version).release

    def whoami(self) -> StudioAccount:
        """Our own account.

        Raises:
            StudioError: there is none, or it may not use the server any more.
        """
        try:
            return self._get("/api/current-user/whoami", StudioAccount, "our account")
        except ServerFailedError as error:  # so it answers whoever was taken out of the organization, and says no more
            raise StudioError(
                f"{self.url}: the server fails for our account: it was taken out of the organization there, or the "
                "server itself is at fault (its log says so); use the token of an account that is a member"
            ) from error

    def invitation(self) -> str:
        """The path by which a new account can be made."""
        link = self._get("/api/invite", Invitation).invite_url
        return "/user/signup" + link.partition("/user/signup")[2]

    def remove_member(self, user_id: int) -> None:
        """Take an account out of the organization; it stays, and so does what it answered."""
        for organization in self._get("/api/organizations", list[Organization], "the organization"):
            path = f"/api/organizations/{organization.id}/memberships/{user_id}/"
            self._request("DELETE", path, f"account {user_id}", allowed=(404,))

    # --- projects --------------------------------------------------------------------------------------------------

    def check_config(self, label_config: str) -> None:
        """Ask the server whether it takes a labelling interface.

        Raises:
            StudioError: it does not; the message has its reason.
        """
        self._request("POST", "/api/projects/validate/", "the labelling interface", body={"label_config": label_config})

    def projects_described(self, marker: str) -> list[Project]:
        """The projects whose description holds a text, oldest first; one that is deleted meanwhile is left out."""
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
        """A project.

        Raises:
            StudioError: there is none of that number.
        """
        return self._project_in(self._request("GET", f"/api/projects/{project_id}/", f"project {project_id}"))

    def find_project(self, project_id: int) -> Project | None:
        """A project; None where there is none of that number."""
        response = self._request("GET", f"/api/projects/{project_id}/", allowed=(404,))
        return None if response.status_code == 404 else self._project_in(response)

    def projects_set(self, project_ids: Iterable[int]) -> list[Project]:
        """Some projects with their settings, by one request; those that are gone are not among them."""
        numbers = ",".join(map(str, project_ids))
        params = {"ids": numbers, "page_size": PAGE, "include": ",".join(("id", *ProjectSettings.__struct_fields__))}
        listed = self._get("/api/projects/?" + urlencode(params), SetProjects, "the projects").results
        with self._speaking("the projects"):
            return [_project_of(row) for row in listed]

    def _project_in(self, response: httpx.Response) -> Project:
        with self._speaking(response.url.path):
            return _project_of(msgspec.json.decode(response.content, type=dict[str, Any]))

    def any_project(self, project_id: int) -> AnyProject | None:
        """A project that somebody else may have made, or None where there is none of that number that we may see."""
        answer = self._request("GET", f"/api/projects/{project_id}/", f"project {project_id}", allowed=(403, 404))
        return self._decoded(answer, AnyProject) if answer.is_success else None

    def some_projects(self) -> list[ProjectTitle]:
        """The newest projects that we may see, a page of them."""
        return self._get("/api/projects/?page_size=20&include=id,title&ordering=-id", ProjectPage).results

    def create_project(self, settings: ProjectSettings) -> Project:
        """Make a project and read back that it is as wanted."""
        with self._speaking(f"a new project {settings.title!r}"):
            made = self._sdk.projects.create(**msgspec.structs.asdict(settings))
        return self._read_back(made.id, settings)

    def update_project(self, project_id: int, settings: ProjectSettings) -> Project:
        """Change a project and read back that it is as wanted."""
        with self._speaking(f"project {project_id}"):
            self._sdk.projects.update(id=project_id, **msgspec.structs.asdict(settings))
        return self._read_back(project_id, settings)

    def delete_project(self, project_id: int) -> None:
        """Delete a project with all that is in it; it may be gone already."""
        self._request("DELETE", f"/api/projects/{project_id}/", allowed=(404,))

    def time(self) -> str:
        """What the server's clock says, ISO 8601 in UTC to the second; ours where a proxy keeps that to itself."""
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
            # Of instructions the server keeps the HTML that it likes: that there are some is all that can be asked.
            if actual != expected and not (name == "expert_instruction" and actual):
                raise StudioError(
                    f"{self.url}: project {project_id} has {name} = {actual!r} where {expected!r} was set; this server "
                    "decides otherwise: set it there by hand or use Label Studio 1.23"
                )
        return project

    # --- tasks -----------------------------------------------------------------------------------------------------

    def import_tasks(self, project_id: int, rows: list[dict[str, str]]) -> None:
        """Add tasks with these data, all or none."""
        with self._speaking(f"project {project_id}"):
            try:
                self._sdk.projects.import_tasks(id=project_id, request=[{"data": row} for row in rows])
            except _api_error() as error:
                if error.status_code == 404:
                    self.project(project_id)  # says that it is gone, of which the server makes a page here
                raise

    def stored_tasks(self, project_id: int) -> list[StoredTask]:
        """What there is in a project, by task id."""
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
        """Which of some items a project shows already."""
        filters = [condition("data.item_id", "in_list", "List", item_ids)]
        pages = self._pages(project_id, filters, ShownRow, include="id,data", **_AS_IT_IS)
        return {item for page in pages for task in page if (item := _item_of(task.data)) is not None}

    def first_items(self, project_id: int) -> set[str]:
        """The items that the first tasks of a project show."""
        page = next(self._pages(project_id, [], ShownRow, include="id,data", **_AS_IT_IS), ())
        return {item for task in page if (item := _item_of(task.data)) is not None}

    def show_instead(self, task_id: int, data: dict[str, str]) -> None:
        """Give a task other data; what was answered to it stays."""
        self._request("PATCH", f"/api/tasks/{task_id}/", body={"data": data})

    def move_answers(self, task_id: int, other: int) -> int:
        """Move all that was answered to a task to another one of the same project; how many annotations.

        Each annotation is moved by one request, so it is never in two places or in none. It keeps its number, who
        gave it and when. The server makes us the one who changed it last; who that was before is noted beside it,
        by the same request (`ServerAnnotation.sender`).
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
        """Move what somebody has begun to another task of the same project."""
        self._request("PATCH", f"/api/drafts/{draft_id}/", body={"task": other}, allowed=(404,))

    def drafts_on(self, task_id: int) -> list[StoredDraft]:
        """What has been begun on a task and not submitted, by whomever."""
        response = self._request("GET", f"/api/tasks/{task_id}/drafts", allowed=(404,))
        return [] if response.status_code == 404 else self._decoded(response, list[StoredDraft])

    def _touched(self, task_id: int) -> Touched:
        """What was answered to a task; nothing where another push has made one task of two meanwhile."""
        response = self._task(task_id)
        return Touched(annotations=[]) if response.status_code == 404 else self._decoded(response, Touched)

    def _task(self, task_id: int) -> httpx.Response:
        """What the server says of a task, which somebody else may just be deleting."""
        path = f"/api/tasks/{task_id}/"
        try:
            return self._request("GET", path, allowed=(404,))
        except ServerFailedError:  # as it does where the task goes while it is read; then it is not found
            return self._request("GET", path, allowed=(404,))

    def delete_untouched(self, project_id: int, task_id: int) -> bool:
        """Delete a task of a project unless somebody has answered it by now, or begun to; whether it is gone.

        The server looks and deletes within one request: an answer that comes after our own look keeps its task.
        """
        # The task itself lists skips too, but of the drafts only our own.
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
        """Whether an annotation is still there."""
        return self._request("GET", f"/api/annotations/{annotation_id}/", allowed=(404,)).status_code != 404

    def delete_annotation(self, annotation_id: int) -> None:
        """Delete an annotation for good; it may be gone already."""
        self._request("DELETE", f"/api/annotations/{annotation_id}/", allowed=(404,))

    def delete_draft(self, draft_id: int) -> None:
        """Delete for good what somebody has begun; it may be gone already."""
        self._request("DELETE", f"/api/drafts/{draft_id}/", allowed=(404,))

    def next_task(self, project_id: int) -> QueuedTask | None:
        """The task that the queue has for us, or None when it has nothing."""
        response = self._request("GET", f"/api/projects/{project_id}/next/", allowed=(404,))
        if response.status_code == 404:
            self.project(project_id)  # a project that is gone gives 404 as well
            return None
        return self._decoded(response, QueuedTask)

    def submit(self, task_id: int, annotation: NewAnnotation) -> bool:
        """Send an annotation; False where the server has had it before."""
        body = msgspec.to_builtins(annotation)
        path = f"/api/tasks/{task_id}/annotations/"
        return self._request("POST", path, body=body, allowed=(409,)).status_code != 409

    # --- hooks -----------------------------------------------------------------------------------------------------

    def hooks(self) -> list[Hook]:
        """The addresses that the server calls when something happens."""
        return self._get("/api/webhooks/", list[Hook], "the webhooks")

    def add_hook(self, project_id: int, url: str) -> Hook | None:
        """Have the server call an address when somebody answers in a project; None where it may not call that one."""
        body = {
            "project": project_id, "url": url, "send_payload": False, "send_for_all_actions": False,
            "actions": ["ANNOTATION_CREATED", "ANNOTATION_UPDATED", "ANNOTATIONS_DELETED"],
        }  # fmt: skip
        response = self._request("POST", "/api/webhooks/", "the webhooks", allowed=(400, 403), body=body)
        return None if response.status_code in (400, 403) else self._decoded(response, Hook)

    def remove_hook(self, hook_id: int) -> None:
        """Have the server call no more."""
        self._request("DELETE", f"/api/webhooks/{hook_id}/", allowed=(404,))
