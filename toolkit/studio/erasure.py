"""Deletion of a person's answers on the server after a withdrawal."""

from collections.abc import Callable

from toolkit.errors import DataError
from toolkit.labels.erasure import ServerErasure
from toolkit.people import ErasureRecords
from toolkit.records import StudioFile
from toolkit.studio.adjudication import find_adjudication_projects
from toolkit.studio.http.client import Studio
from toolkit.studio.push.items import find_projects


def check_server(studio: Studio, file: StudioFile) -> None:
    """Refuse a server that does not hold the campaign, before any deletion.

    Raises:
        DataError: the campaign is on another server.
    """
    if not file.is_at(studio.url):
        raise DataError(f"{studio.url}: the campaign is on {file.server}; set LABEL_STUDIO_URL. Nothing was erased")


def erase_on_server(
    studio: Studio, file: StudioFile, records: ErasureRecords, progress: Callable[[int, int], None]
) -> ServerErasure:
    """Delete the answers and drafts of a person who withdrew, and an adjudicator's own projects.

    Args:
        studio: the server.
        file: the server and projects of the campaign; accounts were hashed with the key of that server.
        records: the erasure records of that person.
        progress: called with the number of finished projects and their total.

    Raises:
        DataError: the server has no data of the person.
    """
    check_server(studio, file)
    places = find_adjudication_projects(studio, file.campaign)
    own = [project.id for project, place in places if records.has_name(place.adjudicator)]
    shared = [project.id for project, _ in places if project.id not in own]
    emails = studio.users()

    def _is_theirs(account: int | None) -> bool:
        return account is not None and records.has_account(file.server, account, emails.get(account, ""))

    annotations = drafts = 0
    projects = [*(project.id for project in find_projects(studio, file.campaign)), *shared]
    for number, project in enumerate(projects, 1):
        given = [raw.id for task in studio.tasks(project) for raw in task.annotations if _is_theirs(raw.completed_by)]
        begun = [raw.id for _, raw in studio.drafts(project) if _is_theirs(raw.completed_by)]
        for annotation in given:
            studio.delete_annotation(annotation)
        for draft in begun:
            studio.delete_draft(draft)
        annotations, drafts = annotations + len(given), drafts + len(begun)
        progress(number, len(projects))
    for project in own:
        studio.delete_project(project)
    erased = ServerErasure(annotations=annotations, drafts=drafts, projects=len(own))
    if not erased:
        raise DataError(
            f"{studio.url}: nothing of the person was found there; the campaign's files are erased. If there are "
            "answers, delete them by hand"
        )
    return erased
