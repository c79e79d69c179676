"""Reading the answers of a project that the toolkit did not create."""

import os
import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Literal

from msgspec import Struct

from toolkit.errors import DataError, StudioError, UsageError
from toolkit.exchange.label_config import ConfigQuestion, read_label_config
from toolkit.exchange.results import answers_in, value_text
from toolkit.exchange.submissions import Submission, account_name, chosen_question, is_repetition, utc
from toolkit.exchange.task_data import ColumnMap, cell_at
from toolkit.exchange.vote_files import ImportTarget
from toolkit.people import Keys, named_accounts, read_keys
from toolkit.store import Store
from toolkit.studio.http.client import Studio
from toolkit.studio.http.schemas import AnyProject, ServerAnnotation, ServerTask
from toolkit.studio.pull.differences import role_of
from toolkit.studio.server.connection import campaign_key, studio_directory

_ADDRESS = re.compile(r"(https?://.+?)/projects/(\d+)(?:[/?#].*)?", re.IGNORECASE)


_EVERY = 500  # tasks between two calls of progress


class ExternalProject(Struct, frozen=True, kw_only=True):
    """The parts of a project to read."""

    project: int
    item: str | None  # the task data column with the item id; None: the task number
    text: str | None  # the column with the text; None: no text


def project_address(address: str) -> tuple[str, int]:
    """Split the address of a project, as the browser shows it, into server and project number.

    >>> project_address("http://studio.example/ls/projects/12/data?tab=3")
    ('http://studio.example/ls', 12)

    Raises:
        UsageError: the text is not the address of a project.
    """
    match = _ADDRESS.fullmatch(address.strip())
    if match is None:
        raise UsageError(
            "the address of a project is needed, as the browser shows it: http://127.0.0.1:8080/projects/12"
        )
    return match[1], int(match[2])


def open_server(url: str) -> Studio:
    """Connect to a server with the token in LABEL_STUDIO_API_KEY.

    Raises:
        StudioError: the variable is not set.
    """
    token = os.environ.get("LABEL_STUDIO_API_KEY")
    if not token:
        raise StudioError(f"{url}: no token; set LABEL_STUDIO_API_KEY to that of your account there, of either kind")
    return Studio(url, token)


def open_project(studio: Studio, number: int) -> AnyProject:
    """Return the project with a number.

    Raises:
        StudioError: the project does not exist or is not visible to the account; the message names some visible ones.
    """
    project = studio.any_project(number)
    if project is None:
        there = ", ".join(f"{row.id} {row.title!r}" for row in studio.some_projects())
        raise StudioError(f"{studio.url}: no project {number} for this account; there are: {there or 'none'}")
    return project


def project_question(
    project: AnyProject, columns: ColumnMap, questions: Sequence[str], where: str
) -> tuple[str, ExternalProject]:
    """Return the question to read from a project, and the columns of its items and texts.

    Args:
        project: the project on the server.
        columns: the columns that the user named.
        questions: the questions that the user named.
        where: the project, for messages.
    """
    offered = read_label_config(project.label_config, where)
    name = chosen_question([question.name for question in offered], questions, where)
    about = next(question for question in offered if is_repetition(name, question.name))
    text = columns.text or (_column(name, about) if len(about.columns) == 1 else None)
    return name, ExternalProject(project=project.id, item=columns.item, text=text)


def _column(name: str, about: ConfigQuestion) -> str:
    """Return the column of a question; for a repeater, with the number in the question's name."""
    number = re.search(r"\d+", name[about.name.find("{{") :]) if "{{" in about.name else None
    return re.sub(r"\{\{.*?\}\}", number[0] if number else "", about.columns[0])


def submissions_of(
    studio: Studio, source: ExternalProject, progress: Callable[[int, int], None] = lambda *_: None
) -> Iterator[Submission]:
    """Yield the submissions of all annotators, task by task.

    Args:
        studio: the server.
        source: the project, columns and question to read.
        progress: called with the number of tasks read and their total, at intervals.

    Raises:
        DataError: a column does not exist; the message names the existing ones.
        StudioError: the server is unreachable, or tasks were deleted during reading.
    """
    before = open_project(studio, source.project).task_number
    drafts: dict[int, list[ServerAnnotation]] = defaultdict(list)
    for task_id, draft in studio.drafts(source.project):
        drafts[task_id].append(draft)
    count = 0
    for task in studio.tasks(source.project):
        count += 1
        if count % _EVERY == 0:
            progress(count, before)
        yield from _of_task(task, drafts.get(task.id, []), source, is_first=count == 1)
    if count < min(before, open_project(studio, source.project).task_number):
        raise StudioError(f"{studio.url}: {count} of {before} tasks came; the project changed meanwhile: try again")


def _of_task(
    task: ServerTask, drafts: list[ServerAnnotation], source: ExternalProject, *, is_first: bool
) -> Iterator[Submission]:
    where = f"task {task.id}"
    item = str(task.id) if source.item is None else value_text(cell_at(task.data, source.item, where))
    text = "" if source.text is None else value_text(_text(task.data, source.text, where, is_required=is_first))
    for raw in sorted(task.annotations, key=lambda raw: (raw.created_at, raw.id)):
        yield _submission(raw, where, item, text, "skipped" if raw.was_cancelled else "submitted")
    for raw in drafts:
        yield _submission(raw, where, item, text, "draft")


def _text(data: Mapping[str, Any], column: str, where: str, *, is_required: bool) -> Any:  # noqa: ANN401
    try:
        return cell_at(data, column, where)
    except DataError:
        if is_required:
            raise
        return None


def _submission(
    raw: ServerAnnotation, where: str, item: str, text: str, state: Literal["submitted", "skipped", "draft"]
) -> Submission:
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


# --- exports of the campaign's own projects --------------------------------------------------------------------------


def import_target(store: Store, has_withdrawn: Callable[[str, str], bool]) -> ImportTarget:
    """Return the campaign as an import target, with its accounts and projects on the server.

    Args:
        store: the campaign's store.
        has_withdrawn: whether an annotator withdrew, by account in the source and the server that numbers the accounts.
    """
    campaign, pushed = store.campaign, store.pushed
    texts = {paragraph.id: paragraph.text for paragraph in store.paragraphs}
    keys = _keys(store) if pushed else Keys()
    admin = keys.admin.user_id if keys.admin else None
    own = {account.user_id: name for name, account in keys.annotators.items() if account.user_id is not None}
    named = named_accounts(store.path("keys.json")) if pushed else {}
    return ImportTarget(
        key=campaign_key(store),
        path=str(campaign.path),
        items=store.items,
        texts={item.id: texts.get(item.unit_id, "") for item in store.items.values()},
        codebook=campaign.codebook,
        kinds={name: annotator.kind for name, annotator in store.annotators.items()},
        server=pushed.server if pushed else "",
        projects={project.id: role_of(project) for project in pushed.projects} if pushed else {},
        accounts={f"account {number}": name for number, name in {**named, **own}.items()},
        administrator="" if admin is None else f"account {admin}",
        has_withdrawn=has_withdrawn,
    )


def _keys(store: Store) -> Keys:
    places = (store.path("keys.server.json"), studio_directory(store.campaign.root) / "keys.json")
    return read_keys(next((path for path in places if path.exists()), places[0]))
