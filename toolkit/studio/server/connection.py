"""The connection to the Label Studio server of a campaign."""

import os
from pathlib import Path

from msgspec import Struct

from toolkit.errors import StudioError
from toolkit.files import digest
from toolkit.people import read_keys
from toolkit.records import StudioFile
from toolkit.store import Store
from toolkit.studio.http.client import Studio
from toolkit.studio.http.transport import plain_url
from toolkit.studio.pull.ledger_index import known_cursor
from toolkit.studio.server.local import open_studio, server_status
from toolkit.studio.server.program import held_tasks
from toolkit.times import now
from toolkit.workspace import CampaignConfig


def studio_directory(root: Path) -> Path:
    """Return the directory of the local server: STANCE_STUDIO, or else ``.studio`` in the workspace."""
    return Path(os.environ.get("STANCE_STUDIO") or root / ".studio")


def connect(root: Path) -> tuple[Studio, Path]:
    """Connect to the server of a workspace; return the connection and the keys file.

    LABEL_STUDIO_URL and LABEL_STUDIO_API_KEY select the server; otherwise it is the workspace's local server.

    Raises:
        StudioError: no local server runs, or one of the two variables is missing.
    """
    directory = studio_directory(root)
    url, token = os.environ.get("LABEL_STUDIO_URL"), os.environ.get("LABEL_STUDIO_API_KEY")
    if url and not token:
        raise StudioError(
            "LABEL_STUDIO_URL is set and LABEL_STUDIO_API_KEY is not; set it to the token of your account"
        )
    if url and token:
        return Studio(url, token), server_keys(directory, url)
    return open_studio(directory), directory / "keys.json"


def server_keys(directory: Path, url: str) -> Path:
    """Return the keys file of a server of the user's own: one file per server."""
    return directory / f"keys.{digest(plain_url(url), 8)}.json"


class LeftTask(Struct, frozen=True, kw_only=True):
    """A task that was opened and left: it is hidden from others until its lock expires."""

    item_id: str | None  # None: not pulled yet
    annotator: str
    since: str  # ISO 8601, UTC
    until: str


def left_tasks(store: Store) -> list[LeftTask] | None:
    """Return the tasks of a campaign that were opened and left.

    Returns:
        None if the campaign is not on the local server: only its database has this information.
    """
    directory, file = studio_directory(store.campaign.root), store.pushed
    server = server_status(directory)
    if server is None or file is None or not file.is_at(server.url):
        return None
    held = held_tasks(directory, (project.id for project in file.projects), now())
    if held is None:
        return None
    names = {account.email: name for name, account in read_keys(directory / "keys.json").annotators.items()}
    cursor = known_cursor(store.path("pull.json"))
    items = (
        {task: item for project in cursor.projects.values() for task, item in project.tasks.items()} if cursor else {}
    )
    return [
        LeftTask(
            item_id=items.get(task.task),
            annotator=names.get(task.email, "somebody"),
            since=task.since,
            until=task.until,
        )
        for task in held
    ]


def studio_file_of(campaign: CampaignConfig) -> StudioFile:
    """Return the record of the campaign's pushes."""
    return Store(campaign).studio


def campaign_key(store: Store) -> str:
    """Return the unique key of the campaign on a server: its name and its first item.

    The key is constant after the first push, since new items come after the first one.
    """
    if store.pushed is not None:
        return store.pushed.campaign
    return f"{store.campaign.name}-{next(iter(store.items))[:8]}"
