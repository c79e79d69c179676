"""Whether the projects on a server are still the campaign's, and what somebody has set otherwise there.

A number means nothing to another server, or to one that was set up anew: whatever it has there would read as if all
our answers had been deleted.
"""

from collections.abc import Collection, Iterable

from toolkit.errors import StudioError
from toolkit.studio.http.client import Studio
from toolkit.studio.http.schemas import Project
from toolkit.studio.push.project_specs import PushedProject, campaign_marker
from toolkit.studio.push.projects import settings_digests


def set_otherwise(
    studio: Studio, campaign: str, projects: Iterable[PushedProject], items: Collection[str]
) -> dict[int, tuple[str, ...]]:
    """The settings that are not as a push left them, by project; projects that are gone are left out.

    Args:
        studio: the server.
        campaign: the key of the campaign.
        projects: where it was pushed to.
        items: the ids of its items.

    Raises:
        StudioError: a project of that number is not the campaign's.
    """
    pushed = {project.id: project for project in projects}
    changed = {}
    for found in studio.projects_set(pushed):
        _refuse_strange(studio, campaign, found, items)
        before, now = pushed[found.id].settings, settings_digests(found)
        names = tuple(name for name, value in before.items() if now.get(name) != value)
        if names:
            changed[found.id] = names
    return changed


def _refuse_strange(studio: Studio, campaign: str, found: Project, items: Collection[str]) -> None:
    if campaign_marker(campaign) in found.description:
        return
    if studio.first_items(found.id).isdisjoint(items):  # otherwise somebody has changed the description by hand
        raise StudioError(
            f"{studio.url}/projects/{found.id}: that project is not this campaign's: neither its description nor its "
            "tasks name it, so that is another server, or one that was set up anew; check LABEL_STUDIO_URL, or bring "
            "the items there with `stance push`; the ledger is left as it is"
        )
