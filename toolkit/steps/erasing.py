"""The step that deletes on the server what a person gave who withdrew."""

from msgspec import Struct

from toolkit.errors import DataError
from toolkit.files import locked
from toolkit.labels.erasure import Tombstones
from toolkit.steps.common import Outcome, Progress
from toolkit.steps.tombstones import TOMBSTONES, tombstones_in
from toolkit.store import Store
from toolkit.studio.adjudication import find_adjudication_projects
from toolkit.studio.http.client import Studio
from toolkit.studio.push.items import find_projects
from toolkit.studio.server.connection import campaign_key, connect, studio_file_of
from toolkit.workspace import CampaignConfig


class Erased(Struct, frozen=True, kw_only=True):
    """How much was deleted on the server."""

    annotations: int
    drafts: int
    projects: int  # an adjudicator's own


def is_forgotten(campaign: CampaignConfig, pseudonym: str) -> bool:
    """Whether somebody of that name has been forgotten in a campaign."""
    return Tombstones(tombstones_in(campaign.at(TOMBSTONES))).hold_name(pseudonym)


def erase_on_server_step(campaign: CampaignConfig, pseudonym: str, progress: Progress) -> Outcome:
    """Delete the answers and drafts of somebody who was forgotten, in the projects of the campaign; may be run again.

    Raises:
        DataError: nobody of that name was forgotten, so that nothing is known of their accounts.
    """
    tombstones = Tombstones(
        each for each in tombstones_in(campaign.at(TOMBSTONES)) if Tombstones([each]).hold_name(pseudonym)
    )
    if tombstones.salt is None:
        raise DataError(f"{campaign.at(TOMBSTONES)}: nobody called {pseudonym!r} was forgotten here")
    studio, _ = connect(campaign.root)
    with studio, locked(campaign.at("pull")):
        erased = _erase(campaign, studio, tombstones, progress)
    line = (
        f"{studio.url}: deleted {erased.annotations} answers, {erased.drafts} drafts and {erased.projects} projects of "
        "an adjudicator; the account itself stays (`stance studio users lock` shuts it out)"
    )
    facts = {"annotations": erased.annotations, "drafts": erased.drafts, "projects": erased.projects}
    return Outcome(line=line, facts={"schema": 1, "server": studio.url, "deleted": facts})


def _erase(campaign: CampaignConfig, studio: Studio, tombstones: Tombstones, progress: Progress) -> Erased:
    key = campaign_key(Store(campaign))
    server = studio_file_of(campaign).server if campaign.at("studio.json").exists() else studio.url
    rulings = find_adjudication_projects(studio, key)
    own = [project.id for project, place in rulings if tombstones.hold_name(place.adjudicator)]
    others = [project.id for project, _ in rulings if project.id not in own]
    emails = studio.users()

    def is_theirs(account: int | None) -> bool:
        return account is not None and tombstones.hold_account(server, account, emails.get(account, ""))

    answers = drafts = 0
    projects = [*(project.id for project in find_projects(studio, key)), *others]
    for number, project in enumerate(projects, 1):
        found = [raw.id for task in studio.tasks(project) for raw in task.annotations if is_theirs(raw.completed_by)]
        begun = [raw.id for _, raw in studio.drafts(project) if is_theirs(raw.completed_by)]
        for each in found:
            studio.delete_annotation(each)
        for each in begun:
            studio.delete_draft(each)
        answers, drafts = answers + len(found), drafts + len(begun)
        progress("projects cleaned", number, len(projects))
    for project in own:
        studio.delete_project(project)
    return Erased(annotations=answers, drafts=drafts, projects=len(own))
