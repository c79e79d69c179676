"""Where a campaign stands on Label Studio, and the connection to that server."""

import os
from collections.abc import Collection
from pathlib import Path

from toolkit.errors import StudioError
from toolkit.files import digest
from toolkit.records import PushedProject, ScreenVersion, StudioFile
from toolkit.store import Store
from toolkit.studio.http.client import Studio
from toolkit.studio.http.transport import plain_url
from toolkit.studio.server.local import open_studio
from toolkit.workspace import CampaignConfig


def studio_directory(root: Path) -> Path:
    """Where the local server of a workspace lies: STANCE_STUDIO, or else ``.studio`` in the workspace."""
    return Path(os.environ.get("STANCE_STUDIO") or root / ".studio")


def connect(root: Path) -> tuple[Studio, Path]:
    """The server of a workspace, and the file of the keys that the toolkit made there.

    The server is that of LABEL_STUDIO_URL and LABEL_STUDIO_API_KEY, or else the workspace's own.

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
    """The file of the keys that the toolkit made on a server of the user's own: one file a server."""
    return directory / f"keys.{digest(plain_url(url), 8)}.json"


def server_key(
    before: StudioFile | None, url: str, projects: Collection[PushedProject], screens: Collection[ScreenVersion]
) -> str:
    """What the ledger calls a server: the address by which it was known first.

    A server that is reached by another address now is recognised by its projects: the times of their changes are those
    of no other server.

    Args:
        before: where the campaign stood; None before the first push.
        url: by which the server is reached now.
        projects: that stand there now.
        screens: that they have shown.
    """
    if before is None or before.is_at(url):
        return url if before is None else before.server
    numbers = {project.id for project in before.projects} & {project.id for project in projects}
    return before.server if numbers and set(before.screens) & set(screens) else url


def studio_file_of(campaign: CampaignConfig) -> StudioFile:
    """Where the campaign was pushed to."""
    return Store(campaign).studio


def campaign_key(store: Store) -> str:
    """What tells the campaign from others on a server: its name and the first of its items.

    After the first push it does not change; new items come after the first one.
    """
    if store.pushed is not None:
        return store.pushed.campaign
    return f"{store.campaign.name}-{next(iter(store.items))[:8]}"
