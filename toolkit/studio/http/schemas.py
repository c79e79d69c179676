"""Records for what Label Studio sends and accepts; unused fields are left out."""

from typing import Any, Generic, TypeVar

from msgspec import Struct


class StudioAccount(Struct, frozen=True, kw_only=True):
    """An account on the server."""

    id: int
    email: str


class Version(Struct, frozen=True, kw_only=True):
    """The version that a server reports."""

    release: str = ""


class Organization(Struct, frozen=True, kw_only=True):
    """The organization of all accounts of a server."""

    id: int


class ProjectSettings(Struct, frozen=True, kw_only=True):
    """The settings of a project that we control."""

    title: str
    description: str
    label_config: str
    maximum_annotations: int  # votes after which a task leaves the queue
    expert_instruction: str  # HTML
    show_instruction: bool = True
    enable_empty_annotation: bool = False
    skip_queue: str = "REQUEUE_FOR_OTHERS"  # a skipped task goes to others, never back to the same annotator
    sampling: str = "Sequential sampling"
    overlap_cohort_percentage: int = 100  # share of tasks with several votes; below 100 the server chooses which
    show_overlap_first: bool = False


class Project(ProjectSettings, frozen=True, kw_only=True):
    """A project on the server; a field that was emptied there is ""."""

    id: int
    title: str = ""
    description: str = ""
    skip_queue: str = ""
    sampling: str = ""
    task_number: int = 0
    total_annotations_number: int = 0


class SetProjects(Struct, frozen=True, kw_only=True):
    """A page of projects with their settings."""

    results: list[dict[str, Any]]


class AnyProject(Struct, frozen=True, kw_only=True):
    """A project of any origin, with the fields that every server sends."""

    id: int
    title: str
    label_config: str
    task_number: int = 0


class DescribedProject(Struct, frozen=True, kw_only=True):
    """A project in a list, with its description."""

    id: int
    description: str | None


class DescribedPage(Struct, frozen=True, kw_only=True):
    """A page of a list of projects, with whether another page follows."""

    results: list[DescribedProject]
    next: str | None


class ProjectTitle(Struct, frozen=True, kw_only=True):
    """A project in a list."""

    id: int
    title: str


class ProjectPage(Struct, frozen=True, kw_only=True):
    """A page of a list of projects."""

    results: list[ProjectTitle]


class ServerAnnotation(Struct, frozen=True, kw_only=True):
    """An annotation or a draft on the server."""

    id: int
    completed_by: int | None = None  # None: the account was deleted
    updated_by: int | None = None  # the account that sent the last change
    result: list[Any]  # required: a missing result would look like an emptied answer
    was_cancelled: bool = False  # a skip
    ground_truth: bool = False  # marked as the correct answer
    lead_time: float | None = None  # seconds
    created_at: str
    updated_at: str
    import_id: int | None = None  # negative: the sender before a push moved the annotation to another task

    def sender(self, ours: int) -> int | None:
        """Return the account that sent the annotation.

        The server records the last editor of an annotation, so a push that moves one stores the previous editor. The
        stored value is trusted only if our own account was the last editor, since others could forge it.

        Args:
            ours: the account that pushes.
        """
        return _sender(self.completed_by, self.updated_by, self.import_id, ours)

    def was_moved(self, ours: int) -> bool:
        """Return whether a push moved the annotation to another task since its annotator last changed it."""
        return self.updated_by == ours and self.import_id is not None and self.import_id < 0


def _sender(completed_by: int | None, updated_by: int | None, import_id: int | None, ours: int) -> int | None:
    if updated_by == ours and import_id is not None and import_id < 0:
        return -import_id
    return completed_by if updated_by is None else updated_by


class Named(Struct, frozen=True, kw_only=True):
    """A task with its number only."""

    id: int


class Changed(Named, frozen=True, kw_only=True):
    """A task with the time of its last change."""

    updated_at: str


class ServerTask(Named, frozen=True, kw_only=True):
    """A task on the server."""

    data: dict[str, Any]
    annotations: tuple[ServerAnnotation, ...]


class BareAnnotation(ServerAnnotation, frozen=True, kw_only=True):
    """An annotation that was requested without its answer."""

    result: list[Any] = []


class BareTask(ServerTask, frozen=True, kw_only=True):
    """A task that was requested without its answers."""

    annotations: tuple[BareAnnotation, ...]


_Task = TypeVar("_Task", bound=Named)


class TaskPage(Struct, Generic[_Task], frozen=True, kw_only=True):
    """A page of a list of tasks."""

    tasks: tuple[_Task, ...]


class Newest(Struct, frozen=True, kw_only=True):
    """The last change in a project and the server's time, ISO 8601 in UTC."""

    changed: str | None  # the last change to a task; None: the project has no tasks
    clock: str | None  # the server's time, to the second; None: not reported


class Counts(Struct, frozen=True, kw_only=True):
    """The contents of a project, as the database counts them."""

    id: int
    task_number: int
    total_annotations_number: int  # without skips
    skipped_annotations_number: int

    @property
    def annotations(self) -> int:
        """Return the number of annotations, skips included."""
        return self.total_annotations_number + self.skipped_annotations_number


class CountsPage(Struct, frozen=True, kw_only=True):
    """The counts of some projects."""

    results: tuple[Counts, ...]


class StoredRow(Named, frozen=True, kw_only=True):
    """A task with its data and the numbers of all its annotations."""

    data: dict[str, Any]
    annotations: tuple[Named, ...]


class ShownRow(Named, frozen=True, kw_only=True):
    """A task with its data."""

    data: dict[str, Any]


class StoredTask(Struct, frozen=True, kw_only=True):
    """The task of an item on the server, without texts."""

    id: int
    project: int
    item_id: str | None  # None: not created by `stance push`
    annotations: int  # skips and drafts included
    shows: str = ""  # digest of the task's data


class QueuedTask(Struct, frozen=True, kw_only=True):
    """A task that the queue hands out."""

    id: int
    data: dict[str, Any]


class Invitation(Struct, frozen=True, kw_only=True):
    """An invitation to create an account."""

    invite_url: str


class Person(Struct, frozen=True, kw_only=True):
    """An account, where the server sends more than its number."""

    id: int


class Answer(Struct, frozen=True, kw_only=True):
    """An annotation in the response for a single task."""

    id: int
    completed_by: Person | None = None
    updated_by: int | None = None
    import_id: int | None = None

    def sender(self, ours: int) -> int | None:
        """Return the account that sent it, as in `ServerAnnotation`."""
        number = None if self.completed_by is None else self.completed_by.id
        return _sender(number, self.updated_by, self.import_id, ours)


class Touched(Struct, frozen=True, kw_only=True):
    """The annotations of a task, skips included."""

    annotations: list[Answer]  # required: a response without this field does not mean a task without answers


class Deleted(Struct, frozen=True, kw_only=True):
    """The number of requested tasks that were deleted."""

    processed_items: int


class StoredDraft(Struct, frozen=True, kw_only=True):
    """An annotation that was started and not submitted."""

    id: int
    user: str  # the e-mail address
    annotation: int | None
    result: list[Any] = []
    lead_time: float | None = None
    created_at: str
    updated_at: str

    def as_annotation(self, completed_by: int | None) -> ServerAnnotation:
        """Return the draft as an annotation."""
        return ServerAnnotation(
            id=self.id,
            completed_by=completed_by,
            result=self.result,
            lead_time=self.lead_time,
            created_at=self.created_at,
            updated_at=self.updated_at,
        )


class Hook(Struct, frozen=True, kw_only=True):
    """A webhook: an address that the server calls on an event."""

    id: int
    url: str


class NewAnnotation(Struct, frozen=True, kw_only=True):
    """An annotation to send."""

    unique_id: str  # a UUID; the server accepts each only once
    result: list[dict[str, Any]]
    lead_time: float
    was_cancelled: bool = False
