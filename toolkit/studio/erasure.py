"""What a person gave is deleted on the server, when the person withdraws."""

from collections.abc import Callable

from toolkit.labels.erasure import ServerErasure
from toolkit.people import ErasureRecords
from toolkit.studio.adjudication import find_adjudication_projects
from toolkit.studio.http.client import Studio
from toolkit.studio.push.items import find_projects


def erase_on_server(
    studio: Studio, campaign: str, server: str, records: ErasureRecords, progress: Callable[[int, int], None]
) -> ServerErasure:
    """Delete the answers and drafts of a person who withdrew, and an adjudicator's own projects; may be run again.

    Args:
        studio: the server.
        campaign: the key by which the server's projects are known.
        server: the key of the server in the ledger, with which accounts were hashed.
        records: of the erasures of that person.
        progress: called with the number of projects that are done, and of all.
    """
    places = find_adjudication_projects(studio, campaign)
    own = [project.id for project, place in places if records.has_name(place.adjudicator)]
    shared = [project.id for project, _ in places if project.id not in own]
    emails = studio.users()

    def is_theirs(account: int | None) -> bool:
        return account is not None and records.has_account(server, account, emails.get(account, ""))

    annotations = drafts = 0
    projects = [*(project.id for project in find_projects(studio, campaign)), *shared]
    for number, project in enumerate(projects, 1):
        given = [raw.id for task in studio.tasks(project) for raw in task.annotations if is_theirs(raw.completed_by)]
        begun = [raw.id for _, raw in studio.drafts(project) if is_theirs(raw.completed_by)]
        for annotation in given:
            studio.delete_annotation(annotation)
        for draft in begun:
            studio.delete_draft(draft)
        annotations, drafts = annotations + len(given), drafts + len(begun)
        progress(number, len(projects))
    for project in own:
        studio.delete_project(project)
    return ServerErasure(annotations=annotations, drafts=drafts, projects=len(own))
