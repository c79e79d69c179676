"""The one door to Label Studio: its SDK and its HTTP interface behind our records and our errors.

Whatever goes wrong on the way is a `StudioError` that names the address and the remedy. Tokens are sent to the
server and nowhere else: no message, no log and no record holds one.
"""

import contextlib
import json
from collections.abc import Iterator
from functools import cached_property
from typing import Any, TypeVar

import httpx
import msgspec
from msgspec import Struct

from toolkit.errors import StudioError
from toolkit.studio.access import Bearer, is_local, plain_url

T = TypeVar("T")

TIMEOUT = httpx.Timeout(120.0, connect=10.0)  # importing a batch and listing a page are single, long requests
PAGE = 500  # tasks a request: 100 is no faster, 1,000 no slower
_FIELDS = (
    "id,data,annotations,completed_by,result,was_cancelled,ground_truth,lead_time,"
    "created_at,updated_at,updated_by,parent_annotation,parent_prediction"
)


class User(Struct, frozen=True, kw_only=True):
    """An account on the server."""

    id: int
    email: str


class ProjectSettings(Struct, frozen=True, kw_only=True):
    """What we decide about a project."""

    title: str
    description: str
    label_config: str
    maximum_annotations: int  # votes after which a task leaves the queue
    expert_instruction: str  # HTML
    show_instruction: bool = True
    enable_empty_annotation: bool = False
    skip_queue: str = "REQUEUE_FOR_OTHERS"  # a skipped task goes to others and never back to whoever skipped it
    sampling: str = "Sequential sampling"


class Project(ProjectSettings, frozen=True, kw_only=True):
    """A project as it stands on the server."""

    id: int
    task_number: int = 0
    total_annotations_number: int = 0


class ServerAnnotation(Struct, frozen=True, kw_only=True):
    """An annotation or a draft as the server has it."""

    id: int
    completed_by: int | None = None  # None: the account was deleted
    updated_by: int | None = None  # who really sent it
    result: list[Any] = []
    was_cancelled: bool = False  # a skip
    lead_time: float | None = None  # seconds
    created_at: str
    updated_at: str


class ServerTask(Struct, frozen=True, kw_only=True):
    """A task as the server has it."""

    id: int
    data: dict[str, Any]
    annotations: tuple[ServerAnnotation, ...] = ()


class StoredTask(Struct, frozen=True, kw_only=True):
    """What there is of an item on the server, without its texts."""

    id: int
    project: int
    item_id: str | None  # None: not made by `stance push`
    annotations: int  # skips and drafts included


class QueuedTask(Struct, frozen=True, kw_only=True):
    """What the queue hands out."""

    id: int
    data: dict[str, Any]


class _Invitation(Struct, frozen=True, kw_only=True):
    invite_url: str


class _Touched(Struct, frozen=True, kw_only=True):
    annotations: list[Any] = []
    drafts: list[Any] = []


class _Draft(Struct, frozen=True, kw_only=True):
    id: int
    user: str  # the e-mail address
    annotation: int | None
    result: list[Any] = []
    lead_time: float | None = None
    created_at: str
    updated_at: str

    def as_annotation(self, completed_by: int | None) -> ServerAnnotation:
        """The draft as if it had been submitted."""
        return ServerAnnotation(
            id=self.id,
            completed_by=completed_by,
            result=self.result,
            lead_time=self.lead_time,
            created_at=self.created_at,
            updated_at=self.updated_at,
        )


class NewAnnotation(Struct, frozen=True, kw_only=True):
    """An annotation to be sent."""

    unique_id: str  # a UUID: the server takes each only once
    result: list[dict[str, Any]]
    lead_time: float
    was_cancelled: bool = False


def _item_of(data: dict[str, Any]) -> str | None:
    item_id = data.get("item_id")
    return item_id if isinstance(item_id, str) else None


def _api_error() -> Any:  # noqa: ANN401 - the SDK has no types that we could name
    from label_studio_sdk.core.api_error import ApiError

    return ApiError


class Studio:
    """A Label Studio server and the account that we use there."""

    def __init__(self, url: str, token: str) -> None:
        self.url = plain_url(url)
        if not token.isascii() or not token.strip():
            raise StudioError(f"{self.url}: no usable API token; set LABEL_STUDIO_API_KEY to that of your account")
        auth = Bearer(self.url, token.strip())
        # A connection that is kept makes the server's two small packets wait 40 ms for each other, which is half the
        # time of an answer; making another one costs nothing on the loopback address, but much across a network.
        headers = {"Connection": "close"} if is_local(self.url) else {}
        # The environment is not trusted: a proxy set there would be asked for 127.0.0.1 too.
        self._http = httpx.Client(base_url=self.url, auth=auth, headers=headers, trust_env=False, timeout=TIMEOUT)

    def close(self) -> None:
        """Give the connections back."""
        self._http.close()

    def __enter__(self) -> "Studio":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @cached_property
    def _sdk(self) -> Any:  # noqa: ANN401 - the SDK has no types that we could name
        import label_studio_sdk

        # Our `Bearer` replaces the header that the SDK sets: there is one place that knows tokens. The SDK would
        # repeat a request whose answer was lost, and so import a batch twice: it must not.
        return label_studio_sdk.LabelStudio(
            base_url=self.url, api_key="see Bearer", httpx_client=self._http, timeout=TIMEOUT.read, max_retries=0
        )

    # --- accounts --------------------------------------------------------------------------------------------------

    def whoami(self) -> User:
        """Our own account."""
        return self._get("/api/current-user/whoami", User)

    def users(self) -> dict[int, str]:
        """The e-mail address of every account, by its id."""
        with self._speaking("the accounts"):
            return {user.id: user.email for user in self._sdk.users.list()}

    def invitation(self) -> str:
        """The path by which a new account can be made."""
        link = self._get("/api/invite", _Invitation).invite_url
        return "/user/signup" + link.partition("/user/signup")[2]

    # --- projects --------------------------------------------------------------------------------------------------

    def check_config(self, label_config: str) -> None:
        """Ask the server whether it takes a labelling interface.

        Raises:
            StudioError: it does not; the message has its reason.
        """
        self._request("POST", "/api/projects/validate/", "the labelling interface", body={"label_config": label_config})

    def projects_described(self, marker: str) -> list[Project]:
        """The projects whose description holds a text, oldest first; one that is deleted meanwhile is left out."""
        with self._speaking("the projects"):
            listed = list(self._sdk.projects.list(include="id,description", page_size=PAGE))
        found = sorted(each.id for each in listed if marker in (each.description or ""))
        answers = [self._request("GET", f"/api/projects/{number}/", allowed=(404,)) for number in found]
        return [self._decoded(answer, Project) for answer in answers if answer.status_code != 404]

    def project(self, project_id: int) -> Project:
        """A project.

        Raises:
            StudioError: there is none of that number.
        """
        return self._get(f"/api/projects/{project_id}/", Project, f"project {project_id}")

    def create_project(self, settings: ProjectSettings) -> Project:
        """Make a project and read back that it is as wanted."""
        with self._speaking(f"a new project {settings.title!r}"):
            made = self._sdk.projects.create(**msgspec.structs.asdict(settings))
        return self._as_wanted(made.id, settings)

    def update_project(self, project_id: int, settings: ProjectSettings) -> Project:
        """Change a project and read back that it is as wanted."""
        with self._speaking(f"project {project_id}"):
            self._sdk.projects.update(id=project_id, **msgspec.structs.asdict(settings))
        return self._as_wanted(project_id, settings)

    def delete_project(self, project_id: int) -> None:
        """Delete a project with all that is in it."""
        self._request("DELETE", f"/api/projects/{project_id}/")

    def _as_wanted(self, project_id: int, settings: ProjectSettings) -> Project:
        project = self.project(project_id)
        for name, wanted in msgspec.structs.asdict(settings).items():
            found = getattr(project, name)
            # Of instructions the server keeps the HTML that it likes: that there are some is all that can be asked.
            if found != wanted and not (name == "expert_instruction" and found):
                raise StudioError(
                    f"{self.url}: project {project_id} has {name} = {found!r} where {wanted!r} was set; this server "
                    "decides otherwise: set it there by hand or use Label Studio 1.23"
                )
        return project

    # --- tasks -----------------------------------------------------------------------------------------------------

    def import_tasks(self, project_id: int, rows: list[dict[str, str]]) -> None:
        """Add tasks with these data, all or none."""
        with self._speaking(f"project {project_id}"):
            self._sdk.projects.import_tasks(id=project_id, request=[{"data": row} for row in rows])

    def stored_tasks(self, project_id: int) -> list[StoredTask]:
        """What there is in a project, by task id."""
        drafts = set(self._tasks_with_drafts(project_id))
        with self._speaking(f"project {project_id}"):
            listed = self._sdk.tasks.list(project=project_id, include="id,data,annotations", page_size=PAGE)
            stored = [
                StoredTask(
                    id=task.id,
                    project=project_id,
                    item_id=_item_of(task.data),
                    annotations=len(task.annotations or ()) + (task.id in drafts),
                )
                for task in listed
            ]
        return sorted(stored, key=lambda task: task.id)

    def tasks(self, project_id: int) -> Iterator[ServerTask]:
        """All tasks of a project with their annotations, a page at a time."""
        with self._speaking(f"project {project_id}"):
            for task in self._sdk.tasks.list(project=project_id, fields="all", include=_FIELDS, page_size=PAGE):
                annotations = msgspec.convert(task.annotations or (), tuple[ServerAnnotation, ...])
                yield ServerTask(id=task.id, data=task.data, annotations=annotations)

    def drafts(self, project_id: int) -> Iterator[tuple[int, ServerAnnotation]]:
        """What has been begun and not submitted, with the task that it belongs to."""
        with_drafts = self._tasks_with_drafts(project_id)
        numbers = {email: number for number, email in self.users().items()} if with_drafts else {}
        for task_id in with_drafts:
            for draft in self._get(f"/api/tasks/{task_id}/drafts", list[_Draft]):
                if draft.annotation is None:  # otherwise it edits an annotation, which is listed anyway
                    yield task_id, draft.as_annotation(numbers.get(draft.user))

    def _tasks_with_drafts(self, project_id: int) -> list[int]:
        begun = {"filter": "filter:tasks:draft_exists", "operator": "equal", "type": "Boolean", "value": True}
        query = json.dumps({"filters": {"conjunction": "and", "items": [begun]}})
        with self._speaking(f"project {project_id}"):
            return [task.id for task in self._sdk.tasks.list(project=project_id, include="id", query=query)]

    def delete_untouched(self, task_id: int) -> bool:
        """Delete a task unless somebody has answered it by now; whether it is gone."""
        path = f"/api/tasks/{task_id}/"
        response = self._request("GET", path, allowed=(404,))
        if response.status_code != 404:
            task = self._decoded(response, _Touched)
            if task.annotations or task.drafts:
                return False
            self._request("DELETE", path, allowed=(404,))
        return True

    # --- annotations -----------------------------------------------------------------------------------------------

    def has_annotation(self, annotation_id: int) -> bool:
        """Whether an annotation is still there."""
        return self._request("GET", f"/api/annotations/{annotation_id}/", allowed=(404,)).status_code != 404

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

    # --- the way there ---------------------------------------------------------------------------------------------

    def _get(self, path: str, kind: type[T], about: str = "") -> T:
        return self._decoded(self._request("GET", path, about), kind)

    def _decoded(self, response: httpx.Response, kind: type[T]) -> T:
        with self._speaking(response.url.path):
            return msgspec.json.decode(response.content, type=kind)

    def _request(
        self, method: str, path: str, about: str = "", allowed: tuple[int, ...] = (), body: object = None
    ) -> httpx.Response:
        with self._speaking(about or path):
            response = self._http.request(method, path, json=body)
            if response.status_code not in allowed:
                response.raise_for_status()
        return response

    @contextlib.contextmanager
    def _speaking(self, about: str) -> Iterator[None]:
        """Turn what the SDK and the network raise into a `StudioError` about something on the server."""
        try:
            yield
        except httpx.HTTPStatusError as error:
            raise self._refused(about, error.response.status_code, error.response.text) from None
        except httpx.TimeoutException as error:
            raise StudioError(
                f"{self.url}: no answer in time about {about}; try again, what was done is kept"
            ) from error
        except httpx.HTTPError as error:
            raise StudioError(
                f"{self.url}: cannot be reached ({type(error).__name__}); is it running? `stance studio start` starts "
                "a local one, LABEL_STUDIO_URL names another"
            ) from error
        except msgspec.DecodeError as error:
            raise StudioError(
                f"{self.url}: the answer about {about} is not that of Label Studio 1.23 ({error}); check the address"
            ) from error
        except _api_error() as error:
            raise self._refused(about, error.status_code or 0, json.dumps(error.body, default=str)) from None

    def _refused(self, about: str, status: int, body: str) -> StudioError:
        if status == 401:
            remedy = "the token is not accepted; set LABEL_STUDIO_API_KEY to the access token of your account there"
        elif status == 403:
            remedy = f"the account may not touch {about}; use the token of one that may"
        elif status == 404:
            remedy = f"{about} is gone from the server; look there, or make it anew with `stance push`"
        elif status >= 500:
            remedy = f"{about}: the server failed ({status}); its log has the reason (`server.log` of a local one)"
        else:
            remedy = f"{about}: the server answered {status}: {body[:300]}"
        return StudioError(f"{self.url}: {remedy}")
