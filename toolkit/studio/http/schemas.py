"""What Label Studio sends and takes, as records; fields that we do not read are left out."""

from typing import Any, Generic, TypeVar

from msgspec import Struct


class StudioAccount(Struct, frozen=True, kw_only=True):
    """An account on the server."""

    id: int
    email: str


class Version(Struct, frozen=True, kw_only=True):
    """What a server says that it is."""

    release: str = ""


class Organization(Struct, frozen=True, kw_only=True):
    """Whom all accounts of a server belong to."""

    id: int


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
    overlap_cohort_percentage: int = 100  # of the tasks that are asked of several; which ones the server would pick
    show_overlap_first: bool = False


class Project(ProjectSettings, frozen=True, kw_only=True):
    """A project as it stands on the server; what somebody has emptied there is ""."""

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
    """A project that somebody else may have made: what every server says of it."""

    id: int
    title: str
    label_config: str
    task_number: int = 0


class DescribedProject(Struct, frozen=True, kw_only=True):
    """A project in a list, with what is said of it."""

    id: int
    description: str | None


class DescribedPage(Struct, frozen=True, kw_only=True):
    """A page of a list of projects, and whether another one follows."""

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
    """An annotation or a draft as the server has it."""

    id: int
    completed_by: int | None = None  # None: the account was deleted
    updated_by: int | None = None  # who really sent it
    result: list[Any]  # never left out: an answer without its result would read like one that was emptied
    was_cancelled: bool = False  # a skip
    ground_truth: bool = False  # somebody has marked it as the right answer
    lead_time: float | None = None  # seconds
    created_at: str
    updated_at: str
    import_id: int | None = None  # below zero: who sent it, before a push moved it to another task

    def sender(self, ours: int) -> int | None:
        """Who really sent it.

        The server writes down whoever touches an annotation last, so a push that moves one leaves behind who that was
        before. Only where our own account was the last is that believed: a forger's note is worth nothing.

        Args:
            ours: the account that pushes.
        """
        return _sender(self.completed_by, self.updated_by, self.import_id, ours)

    def was_moved(self, ours: int) -> bool:
        """Whether a push has moved it to another task since its annotator last changed it."""
        return self.updated_by == ours and self.import_id is not None and self.import_id < 0


def _sender(completed_by: int | None, updated_by: int | None, import_id: int | None, ours: int) -> int | None:
    if updated_by == ours and import_id is not None and import_id < 0:
        return -import_id
    return completed_by if updated_by is None else updated_by


class Named(Struct, frozen=True, kw_only=True):
    """A task, by its number alone."""

    id: int


class Changed(Named, frozen=True, kw_only=True):
    """When a task was last changed."""

    updated_at: str


class ServerTask(Named, frozen=True, kw_only=True):
    """A task as the server has it."""

    data: dict[str, Any]
    annotations: tuple[ServerAnnotation, ...]


class BareAnnotation(ServerAnnotation, frozen=True, kw_only=True):
    """An annotation that was asked for without what was answered."""

    result: list[Any] = []


class BareTask(ServerTask, frozen=True, kw_only=True):
    """A task that was asked for without what was answered to it."""

    annotations: tuple[BareAnnotation, ...]


_Task = TypeVar("_Task", bound=Named)


class TaskPage(Struct, Generic[_Task], frozen=True, kw_only=True):
    """A page of a list of tasks."""

    tasks: tuple[_Task, ...]


class Newest(Struct, frozen=True, kw_only=True):
    """How far the time of a project has come, as ISO 8601 in UTC."""

    changed: str | None  # when a task of it was last changed; None: it has none
    clock: str | None  # what the server's clock says, to the second; None: it does not say


class Counts(Struct, frozen=True, kw_only=True):
    """How much there is in a project, as the database counts it."""

    id: int
    task_number: int
    total_annotations_number: int  # without the skips
    skipped_annotations_number: int

    @property
    def annotations(self) -> int:
        """All annotations, skips included."""
        return self.total_annotations_number + self.skipped_annotations_number


class CountsPage(Struct, frozen=True, kw_only=True):
    """The counts of some projects."""

    results: tuple[Counts, ...]


class StoredRow(Named, frozen=True, kw_only=True):
    """A task with what it shows and the numbers of its annotations; none of them is ever left out."""

    data: dict[str, Any]
    annotations: tuple[Named, ...]


class ShownRow(Named, frozen=True, kw_only=True):
    """A task with what it shows."""

    data: dict[str, Any]


class StoredTask(Struct, frozen=True, kw_only=True):
    """What there is of an item on the server, without its texts."""

    id: int
    project: int
    item_id: str | None  # None: not made by `stance push`
    annotations: int  # skips and drafts included
    shows: str = ""  # digest of the task's data


class QueuedTask(Struct, frozen=True, kw_only=True):
    """What the queue hands out."""

    id: int
    data: dict[str, Any]


class Invitation(Struct, frozen=True, kw_only=True):
    """The way by which an account can be made."""

    invite_url: str


class Person(Struct, frozen=True, kw_only=True):
    """An account, where the server tells more of it than the number."""

    id: int


class Answer(Struct, frozen=True, kw_only=True):
    """An annotation as a single task has it."""

    id: int
    completed_by: Person | None = None
    updated_by: int | None = None
    import_id: int | None = None

    def sender(self, ours: int) -> int | None:
        """Who really sent it, as of `ServerAnnotation`."""
        number = None if self.completed_by is None else self.completed_by.id
        return _sender(number, self.updated_by, self.import_id, ours)


class Touched(Struct, frozen=True, kw_only=True):
    """What annotators have answered to a task, skips included."""

    annotations: list[Answer]  # never left out: a task that says nothing of its answers is not one without any


class Deleted(Struct, frozen=True, kw_only=True):
    """How many of the tasks that were named are gone."""

    processed_items: int


class StoredDraft(Struct, frozen=True, kw_only=True):
    """What an annotator has begun and not submitted."""

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


class Hook(Struct, frozen=True, kw_only=True):
    """An address that the server calls when something happens."""

    id: int
    url: str


class NewAnnotation(Struct, frozen=True, kw_only=True):
    """An annotation to be sent."""

    unique_id: str  # a UUID: the server takes each only once
    result: list[dict[str, Any]]
    lead_time: float
    was_cancelled: bool = False
