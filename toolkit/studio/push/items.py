"""Push of items to Label Studio, each exactly once, even after interrupted pushes.

The server itself is the record of earlier pushes: a marker in the description identifies a project, and the ``item_id``
in its data identifies a task. So no local state is needed between two runs, and none can be wrong.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence

import msgspec
from msgspec import Struct

from toolkit.campaigns.display import ShownItem
from toolkit.campaigns.label_transfer import TransferCounts
from toolkit.errors import StudioError
from toolkit.records import PushedProject, ScreenVersion, StudioFile
from toolkit.runs import Result
from toolkit.studio.config import task_data
from toolkit.studio.http.client import Studio, data_digest
from toolkit.studio.http.schemas import StoredTask
from toolkit.studio.push.project_specs import ItemsBySpec, ProjectSpec, PushRequest, home_queue, project_specs
from toolkit.studio.push.projects import (
    ProjectState,
    all_screens,
    as_set,
    current_screen,
    find_project_states,
    find_projects,
    make_project,
    oldest,
    settings_digests,
    settings_for,
)
from toolkit.studio.push.reconcile import Reconciled, import_batches, place, reconcile
from toolkit.studio.push.revision import refuse_removals
from toolkit.words import plural

__all__ = [
    "PushReport",
    "PushRequest",
    "PushedProject",
    "ScreenVersion",
    "find_project_states",
    "find_projects",
    "push_items",
]


_NAMED = 5  # items that the line names; the JSON output has all


class PushReport(Result, frozen=True, kw_only=True):
    """The result of a push; the unit of all counts is an item in a project."""

    server: str  # the address, without credentials
    created: int
    present: int  # already on the server
    removed: int  # untouched duplicate tasks
    merged: int  # answered duplicate tasks; their annotations were moved to the remaining task
    twins: tuple[str, ...]  # items that still have two tasks: both are in use, or a project was copied
    taken_out: int  # deleted tasks of items that no longer belong there
    kept: tuple[str, ...]  # answered items that no longer belong there: their tasks stay
    refreshed: int  # tasks whose data differed from the current item and codebook
    reset: int  # projects whose settings were restored
    vanished: tuple[str, ...]  # items whose answered task was deleted on the server; pushed again
    unknown: int  # tasks without an item in the request
    projects: tuple[PushedProject, ...]
    screens: tuple[ScreenVersion, ...]

    def line(self) -> str:
        """Format the counts, the warnings and the addresses of the projects."""
        counts = {
            ("duplicate task removed", "duplicate tasks removed"): self.removed,
            ("answered duplicate task merged", "answered duplicate tasks merged"): self.merged,
            ("task withdrawn", "tasks withdrawn"): self.taken_out,
            ("task updated", "tasks updated"): self.refreshed,
            ("project updated", "projects updated"): self.reset,
            ("task of another item left as it is", "tasks of other items left as they are"): self.unknown,
        }
        parts = [f"{plural(self.created, 'item')} pushed, {self.present} already there"]
        parts += [plural(n, *nouns) for nouns, n in counts.items() if n or nouns[0] == "duplicate task removed"]
        parts += self._warnings()
        return f"{', '.join(parts)}: {', '.join(project.url for project in self.projects)}"

    def _warnings(self) -> Iterable[str]:
        if self.kept:
            items = plural(len(self.kept), "item is", "items are")
            yield f"{items} not asked any more but answered, so the tasks stay ({_named(self.kept)})"
        if self.twins:
            yield (
                f"{plural(len(self.twins), 'item is', 'items are')} there twice because somebody works on both tasks; "
                f"push again later ({_named(self.twins)})"
            )
        if self.vanished:
            items = plural(len(self.vanished), "item is", "items are")
            yield (
                f"{items} asked again because an answered task was deleted on the server; the ledger keeps the "
                f"answers, `stance pull` marks them as deleted ({_named(self.vanished)})"
            )


def _named(items: Sequence[str]) -> str:
    return ", ".join(items[:_NAMED]) + (", …" if len(items) > _NAMED else "")


class PushResult(PushReport, frozen=True, kw_only=True):
    """The result of a push and its effect on the annotations in the ledger."""

    codebook: str  # name@version#hash
    changes: tuple[str, ...]  # since the codebook of the last push
    given_before: int  # annotations in the ledger for earlier codebooks
    annotators_before: tuple[str, ...]  # authors of these annotations
    versions: int  # number of codebooks that annotators have seen
    placed: TransferCounts  # items by the current state of their paragraph
    replaced_characters: int
    warning: str  # about the version of the server

    def line(self) -> str:
        """Format the result in one line."""
        characters = plural(
            self.replaced_characters, "character that the screen cannot show", "characters that the screen cannot show"
        )
        replaced = f"{characters} replaced" if self.replaced_characters else ""
        parts = (super().line(), self._revision_line(), self.placed.line(), replaced, self.warning)
        return "; ".join(filter(None, parts))

    def _revision_line(self) -> str:
        if not self.changes:
            return ""
        people = ", ".join(self.annotators_before) or "nobody"
        given = plural(self.given_before, "annotation in the ledger was", "annotations in the ledger were")
        return f"codebook {self.codebook}: {'; '.join(self.changes)} ({given} given before, by {people})"


def push_items(studio: Studio, request: PushRequest, progress: Callable[[int, int], None]) -> PushReport:
    """Add missing items to the server; existing ones stay.

    Args:
        studio: the server.
        request: the items and projects that the server should have.
        progress: called with the number of items on the server and their total; before that, with the number of
            refreshed stale tasks and their total.

    Raises:
        StudioError: the server is unreachable or refuses, or answers exist for questions or labels that the codebook
            lacks.
    """
    meant = project_specs(request)
    before = _look(studio, request)
    _refuse_other_layout(studio, request, before)
    refuse_removals(studio, request, before.states)
    refreshed = _refresh(studio, request, before, progress)
    states, reset = _set_up(studio, request, meant, before)
    out = _take_out(studio, request, meant, before)
    stored = [task for task in before.stored if task.id not in out.tasks]
    there = msgspec.structs.replace(before, states=states, stored=tuple(stored))
    brought = _bring(studio, request, meant, there, progress)
    after = _look(studio, request) if brought.created else there
    put_right = reconcile(studio, after.stored, after.specs)
    gone = put_right.removed | put_right.merged
    left = msgspec.structs.replace(after, stored=tuple(task for task in after.stored if task.id not in gone))
    _check(studio, meant, left)
    did = _Did(brought=brought, put_right=put_right, out=out, refreshed=refreshed, reset=reset)
    return _report(studio, request, meant, left, did)


class _Board(Struct, frozen=True, kw_only=True):
    """The projects and tasks on the server."""

    states: tuple[ProjectState, ...]
    stored: tuple[StoredTask, ...]

    @property
    def specs(self) -> dict[int, ProjectSpec]:
        """Return the spec of each project."""
        return {state.project.id: state.spec for state in self.states}

    def items_at(self) -> dict[object, set[str | None]]:
        """Return the items at each place."""
        specs, items = self.specs, defaultdict(set)
        for task in self.stored:
            items[place(specs[task.project])].add(task.item_id)
        return items


class _Out(Struct, frozen=True, kw_only=True):
    tasks: frozenset[int]
    answered: frozenset[str]  # items


class _Brought(Struct, frozen=True, kw_only=True):
    created: int
    present: int
    vanished: frozenset[str]


class _Did(Struct, frozen=True, kw_only=True):
    brought: _Brought
    put_right: Reconciled
    out: _Out
    refreshed: int
    reset: int


def _look(studio: Studio, request: PushRequest) -> _Board:
    states, stored = [], []
    for state in find_project_states(studio, request):
        try:
            stored += studio.stored_tasks(state.project.id)
        except StudioError:
            # A concurrent push may just have deleted its own empty duplicate project.
            if state.project.id in {other.project.id for other in find_project_states(studio, request)}:
                raise
        else:
            states.append(state)
    return _Board(states=tuple(states), stored=tuple(stored))


def _refuse_other_layout(studio: Studio, request: PushRequest, board: _Board) -> None:
    other = "queue" if request.layout == "blind" else "person"
    specs = board.specs
    answered = sum(task.annotations for task in board.stored if specs[task.project].kind == other)
    if answered:
        raise StudioError(
            f"{studio.url}: {answered} annotations were given in the other layout, and `[studio] layout` is "
            f"{request.layout!r} now; put it back, or give the campaign a new name for a new round"
        )


# --- refresh and set-up ----------------------------------------------------------------------------------------------


def _data(shown_item: ShownItem, request: PushRequest) -> dict[str, str]:
    return task_data(shown_item.item, shown_item.shown, request.codebook, request.language)


def _refresh(studio: Studio, request: PushRequest, board: _Board, progress: Callable[[int, int], None]) -> int:
    """Update the data of existing tasks: questions are reworded, and people edit tasks by hand.

    This runs before the projects are changed: a question without a text would be shown as its bare name.
    """
    data = {shown_item.item.id: _data(shown_item, request) for shown_item in request.items}
    stale = [
        task
        for task in board.stored
        if task.item_id is not None and task.item_id in data and task.shows != data_digest(data[task.item_id])
    ]
    for number, task in enumerate(stale, 1):
        studio.show_instead(task.id, data[str(task.item_id)])
        progress(number, len(stale))
    return len(stale)


def _set_up(
    studio: Studio, request: PushRequest, meant: ItemsBySpec, board: _Board
) -> tuple[tuple[ProjectState, ...], int]:
    """Restore the settings of all projects and create missing ones; return the number of restored projects."""
    missing = _missing(meant, board)
    # A tie-break project without new items is not created: its items are in another tie-break project.
    needed = {spec for spec in meant if spec.kind != "tiebreak" or spec in missing}
    specs = sorted({*needed, *board.specs.values()})
    screen = current_screen(studio, request, board.states)
    _check_configs(studio, request, specs, screen)
    states = [_updated(studio, request, state, specs, screen) for state in _without_empty_copies(studio, board)]
    changed = {state.project.id for state in board.states if state not in states}
    reset = sum(state.project.id in changed for state in states)
    for spec in sorted(needed - set(board.specs.values())):
        settings = settings_for(request, spec, specs, (screen,))
        states.append(make_project(studio, request, spec, settings))
    return tuple(sorted(states, key=lambda state: state.project.id)), reset


def _check_configs(studio: Studio, request: PushRequest, specs: Sequence[ProjectSpec], screen: ScreenVersion) -> None:
    """Have the server validate the interfaces before any change."""
    for spec in {spec.unit: spec for spec in specs}.values():
        studio.check_config(settings_for(request, spec, specs, (screen,)).label_config)


def _updated(
    studio: Studio, request: PushRequest, state: ProjectState, specs: Sequence[ProjectSpec], screen: ScreenVersion
) -> ProjectState:
    shown = state.screens or request.screens
    if not shown or (shown[-1].codebook, shown[-1].shown) != (screen.codebook, screen.shown):
        shown = (*shown, screen)
    settings = settings_for(request, state.spec, specs, shown)
    if as_set(state.project, settings):
        return state
    return msgspec.structs.replace(state, project=studio.update_project(state.project.id, settings))


def _without_empty_copies(studio: Studio, board: _Board) -> list[ProjectState]:
    """Return the projects without empty duplicates that a killed push left behind."""
    first = {state.project.id for state in oldest(board.states).values()}
    used = {task.project for task in board.stored}
    for state in board.states:
        if state.project.id not in first | used:
            studio.delete_project(state.project.id)
    return [state for state in board.states if state.project.id in first | used]


# --- placement of items ----------------------------------------------------------------------------------------------


def _take_out(studio: Studio, request: PushRequest, meant: ItemsBySpec, board: _Board) -> _Out:
    """Delete the tasks that no longer belong in their project, unless they have answers."""
    items = {shown_item.item.id: shown_item for shown_item in request.items}
    withdrawn = set(request.withdrawn)
    tasks, answered = set(), set()
    for task in board.stored:
        shown_item = items.get(task.item_id or "")
        spec = board.specs[task.project]
        misplaced = shown_item is not None and _is_misplaced(shown_item, spec, request, meant)
        if task.item_id is None or not (task.item_id in withdrawn or misplaced):
            continue
        if not task.annotations and studio.delete_untouched(task.project, task.id):
            tasks.add(task.id)
        else:
            answered.add(task.item_id)
    return _Out(tasks=frozenset(tasks), answered=frozenset(answered))


def _is_misplaced(shown_item: ShownItem, spec: ProjectSpec, request: PushRequest, meant: ItemsBySpec) -> bool:
    """Return whether an item is in a project where the plan no longer has it.

    Items assigned to a current annotator stay: another machine may have more assignments than this one.
    """
    if spec.kind == "queue":
        return request.layout == "blind" or spec != home_queue(shown_item.item)
    return spec.kind == "person" and spec not in meant


def _bring(
    studio: Studio, request: PushRequest, meant: ItemsBySpec, board: _Board, progress: Callable[[int, int], None]
) -> _Brought:
    """Import missing items, in display order."""
    projects = oldest(board.states)
    missing = _missing(meant, board)
    total = sum(map(len, meant.values()))
    present = total - sum(map(len, missing.values()))
    answered = set(request.answered)
    vanished = set()
    done = present
    progress(done, total)
    for spec, items in missing.items():
        project = projects[spec].project.id
        vanished |= {shown_item.item.id for shown_item in items if (project, shown_item.item.id) in answered}
        brought = 0
        for brought in import_batches(
            studio, project, [_data(shown_item, request) for shown_item in items], request.batch
        ):
            progress(done + brought, total)
        done += brought
    return _Brought(created=total - present, present=present, vanished=frozenset(vanished))


def _missing(meant: ItemsBySpec, board: _Board) -> dict[ProjectSpec, Sequence[ShownItem]]:
    """Return the missing items by spec; a disputed item in one tie-break project goes into no other."""
    there = board.items_at()
    disputed = {
        item for at, items in there.items() if isinstance(at, ProjectSpec) and at.kind == "tiebreak" for item in items
    }
    missing: dict[ProjectSpec, Sequence[ShownItem]] = {}
    for spec, items in meant.items():
        has = disputed if spec.kind == "tiebreak" else there.get(place(spec), set())
        if not has.issuperset(items):
            missing[spec] = [shown_item for name, shown_item in items.items() if name not in has]
    return missing


def _check(studio: Studio, meant: ItemsBySpec, board: _Board) -> None:
    """Check that each item has a task in each project that should have it."""
    absent = sum(map(len, _missing(meant, board).values()))
    if absent:
        raise StudioError(f"{studio.url}: {absent} items are not there after the push; run `stance push` again")


# --- report ----------------------------------------------------------------------------------------------------------


def _report(studio: Studio, request: PushRequest, meant: ItemsBySpec, board: _Board, did: _Did) -> PushReport:
    item_ids = {shown_item.item.id for shown_item in request.items}
    return PushReport(
        server=studio.url,
        created=did.brought.created,
        present=did.brought.present,
        removed=len(did.put_right.removed),
        merged=len(did.put_right.merged),
        twins=_still_twins(board),
        taken_out=len(did.out.tasks),
        kept=tuple(sorted(did.out.answered)),
        refreshed=did.refreshed,
        reset=did.reset,
        vanished=tuple(sorted(did.brought.vanished)),
        unknown=sum(task.item_id not in item_ids.union(request.unshown) for task in board.stored),
        projects=tuple(_pushed(studio.url, board, item_ids, set(meant))),
        screens=all_screens(request, board.states),
    )


def _still_twins(board: _Board) -> tuple[str, ...]:
    specs = board.specs
    counts = Counter((place(specs[task.project]), task.item_id) for task in board.stored)
    return tuple(sorted({item for (_, item), number in counts.items() if item and number > 1}))


def _pushed(url: str, board: _Board, item_ids: set[str], meant: set[ProjectSpec]) -> Iterable[PushedProject]:
    """Yield the projects that hold items or should hold them."""
    for state in sorted(board.states, key=lambda state: (state.spec, state.project.id)):
        number = state.project.id
        items = {task.item_id for task in board.stored if task.project == number} & item_ids
        if items or state.spec in meant:
            yield PushedProject(
                id=number,
                url=f"{url}/projects/{number}/data",
                unit=state.spec.unit,
                kind=state.spec.kind,
                annotator=state.spec.annotator or None,
                votes=state.spec.votes,
                items=len(items),
                settings=settings_digests(state.project),
            )


# --- record of the push ----------------------------------------------------------------------------------------------


def studio_file(before: StudioFile | None, codebook_ref: str, campaign: str, report: PushReport) -> StudioFile:
    """Return the campaign's record of a push.

    Args:
        before: the record of the previous push.
        codebook_ref: the pushed codebook.
        campaign: the key of the campaign.
        report: the report of the push.
    """
    server = _server_key(before, report)
    return StudioFile(
        server=server,
        address=report.server if report.server != server else "",
        campaign=campaign,
        codebook=codebook_ref,
        projects=report.projects,
        screens=report.screens,
    )


def _server_key(before: StudioFile | None, report: PushReport) -> str:
    """Return the key of the server in the ledger: the first address by which it was known.

    A server with a new address is recognised by its projects: the times of their changes are unique to it.
    """
    if before is None or before.is_at(report.server):
        return report.server if before is None else before.server
    numbers = {project.id for project in before.projects} & {project.id for project in report.projects}
    return before.server if numbers and set(before.screens) & set(report.screens) else report.server
