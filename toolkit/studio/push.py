"""Items to Label Studio, each exactly once, however often and however rudely the pushing is interrupted.

What has been pushed is read from the server itself: a project is known by a marker in its description, a task by
the ``item_id`` in its data. So nothing needs to be remembered between two runs, and nothing can be remembered wrongly.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Literal

from msgspec import Struct

from toolkit.codebook import Codebook
from toolkit.errors import StudioError
from toolkit.records import Item
from toolkit.studio.client import Studio
from toolkit.studio.screen import SHOWN, Shown, Unit, asked_about, instructions, label_config, printable, task_data
from toolkit.studio.wire import Project, ProjectSettings, StoredTask
from toolkit.workspace import ShownPart

ProjectKind = Literal["queue", "person", "tiebreak"]  # shared by all, one annotator's, or of disputed items

_MARK = "stance-toolkit"
_TITLE_LENGTH = (3, 50)  # what Label Studio takes


class ShownItem(Struct, frozen=True, kw_only=True):
    """An item and the texts that are shown for it."""

    item: Item
    shown: Shown


class PushRequest(Struct, frozen=True, kw_only=True):
    """What is to stand on the server."""

    campaign: str  # the key that tells this campaign from all others on the server
    title: str
    codebook: Codebook
    language: str
    items: tuple[ShownItem, ...]
    show: tuple[ShownPart, ...] = SHOWN  # what stands around the item
    batch: int = 200  # tasks a request


class PushedProject(Struct, frozen=True, kw_only=True):
    """A project that holds items of the campaign."""

    id: int
    url: str  # where a browser shows its tasks
    unit: Unit
    kind: ProjectKind = "queue"
    annotator: str | None = None  # whose project it is, where it is one person's
    votes: int  # how many annotators are asked for each item
    items: int


class PushReport(Struct, frozen=True, kw_only=True):
    """What a push found and did."""

    server: str  # the address, without credentials
    created: int
    present: int  # items that were there already
    removed: int  # tasks that showed an item a second time and that nobody had touched
    twins: tuple[str, ...]  # items that are there twice because both tasks have annotations; pulling joins them
    unknown: int  # tasks of no item in the request
    projects: tuple[PushedProject, ...]


def push_items(studio: Studio, request: PushRequest, progress: Callable[[int, int], None]) -> PushReport:
    """Bring the items to the server; those that are there already stay as they are.

    There is a project for each kind of unit and number of votes, since both belong to a project as a whole.

    Args:
        studio: the server.
        request: what is to stand there.
        progress: told how many of how many items are there.

    Raises:
        StudioError: the server is not reached or refuses, or annotators have answered another codebook there.
    """
    groups = _groups(request.items)
    projects = {group: _project(studio, request, group, len(groups)) for group in groups}
    stored = _stored(studio, request)
    there = {task.item_id for task in stored}
    present = sum(each.item.id in there for items in groups.values() for each in items)
    done, total = present, sum(map(len, groups.values()))
    progress(done, total)
    for group, items in groups.items():
        missing = [each for each in items if each.item.id not in there]
        for batch in _batches(missing, request.batch):
            studio.import_tasks(projects[group].id, [_data(each, request) for each in batch])
            done += len(batch)
            progress(done, total)
    if done > present:
        stored = _stored(studio, request)
    removed = _remove_twins(studio, stored)
    left = [task for task in stored if task.id not in removed]
    return _report(studio, request, projects, left, _Counts(present=present, removed=len(removed)))


_Group = tuple[Unit, int]


class _Counts(Struct, frozen=True, kw_only=True):
    present: int
    removed: int


def _groups(items: Iterable[ShownItem]) -> dict[_Group, list[ShownItem]]:
    groups: dict[_Group, dict[str, ShownItem]] = defaultdict(dict)
    for each in items:
        groups[each.item.unit, each.item.votes][each.item.id] = each
    return {group: list(members.values()) for group, members in sorted(groups.items())}


def _batches(items: Sequence[ShownItem], size: int) -> Iterator[Sequence[ShownItem]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]


def _data(each: ShownItem, request: PushRequest) -> dict[str, str]:
    return task_data(each.item, each.shown, request.codebook, request.language)


# --- the project ---------------------------------------------------------------------------------------------------


def _campaign_marker(campaign: str) -> str:
    return f"[{_MARK} {campaign} "


def _marker(campaign: str, group: _Group) -> str:
    unit, votes = group
    return f"{_campaign_marker(campaign)}{unit} {votes}]"


def find_projects(studio: Studio, campaign: str) -> list[Project]:
    """The projects of a campaign on the server, oldest first; none before the first push."""
    return studio.projects_described(_campaign_marker(campaign))


def _settings(request: PushRequest, group: _Group, groups: int) -> ProjectSettings:
    unit, votes = group
    suffix = f" ({unit}, {votes})" if groups > 1 else ""
    title = " ".join(printable(request.title).split())[: _TITLE_LENGTH[1] - len(suffix)].strip() + suffix
    return ProjectSettings(
        title=title if len(title) >= _TITLE_LENGTH[0] else f"Stance {title}".strip(),
        description=f"Made by `stance push`, which finds it by this line: {_marker(request.campaign, group)}",
        label_config=label_config(request.codebook, request.language, unit, request.show),
        maximum_annotations=votes,
        expert_instruction=instructions(asked_about(request.codebook, unit), request.language),
    )


def _project(studio: Studio, request: PushRequest, group: _Group, groups: int) -> Project:
    settings = _settings(request, group, groups)
    studio.check_config(settings.label_config)
    marker = _marker(request.campaign, group)
    found = studio.projects_described(marker)
    if not found:
        made = studio.create_project(settings)
        # Somebody else may have pushed at the same moment: the older project is the one, ours is still empty.
        found = studio.projects_described(marker)
        if found[0].id != made.id:
            studio.delete_project(made.id)
    project = found[0]
    if all(getattr(project, name) == getattr(settings, name) for name in settings.__struct_fields__):
        return project
    if project.label_config != settings.label_config:
        _refuse_if_answered(studio, project)
    return studio.update_project(project.id, settings)


def _refuse_if_answered(studio: Studio, project: Project) -> None:
    answered = sum(task.annotations for task in studio.stored_tasks(project.id))
    if answered:
        raise StudioError(
            f"{studio.url}/projects/{project.id}: {answered} annotations were given to another codebook or language; "
            "put the old one back, or give the campaign a new name for a round with the new one"
        )


# --- each item once ------------------------------------------------------------------------------------------------


def _stored(studio: Studio, request: PushRequest) -> list[StoredTask]:
    stored = []
    for project in find_projects(studio, request.campaign):
        try:
            stored += studio.stored_tasks(project.id)
        except StudioError:
            # A second push may just have given up the empty project that it made beside ours.
            if project.id in {each.id for each in find_projects(studio, request.campaign)}:
                raise
    return stored


def _remove_twins(studio: Studio, stored: Iterable[StoredTask]) -> set[int]:
    """Delete the tasks that show an item once too often and that nobody has touched; return which.

    They come from pushes that overlapped: two at once, or one that was killed while the server went on with its batch.
    """
    by_item: dict[str, list[StoredTask]] = defaultdict(list)
    for task in stored:
        if task.item_id is not None:
            by_item[task.item_id].append(task)
    surplus = [task for tasks in by_item.values() for task in _surplus(tasks)]
    return {task.id for task in surplus if studio.delete_untouched(task.id)}


def _surplus(tasks: list[StoredTask]) -> list[StoredTask]:
    """The untouched tasks of an item; if all are untouched, all but the oldest."""
    touched = [task for task in tasks if task.annotations]
    untouched = sorted((task for task in tasks if not task.annotations), key=lambda task: task.id)
    return untouched if touched else untouched[1:]


def _report(
    studio: Studio, request: PushRequest, projects: dict[_Group, Project], stored: list[StoredTask], counts: _Counts
) -> PushReport:
    wanted = {each.item.id for each in request.items}
    tasks = Counter(task.item_id for task in stored if task.item_id in wanted)
    if len(tasks) < len(wanted):
        absent = len(wanted) - len(tasks)
        raise StudioError(f"{studio.url}: {absent} items are not there after the push; run `stance push` again")
    return PushReport(
        server=studio.url,
        created=len(wanted) - counts.present,
        present=counts.present,
        removed=counts.removed,
        twins=tuple(sorted(item for item, number in tasks.items() if item and number > 1)),
        unknown=sum(task.item_id not in wanted for task in stored),
        projects=tuple(
            PushedProject(
                id=project.id,
                url=f"{studio.url}/projects/{project.id}/data",
                unit=unit,
                votes=votes,
                items=len({task.item_id for task in stored if task.project == project.id} & wanted),
            )
            for (unit, votes), project in projects.items()
        ),
    )
