"""Where a campaign stands on Label Studio, and the way there."""

import os
from pathlib import Path

import msgspec
from msgspec import Struct

from toolkit.errors import StudioError
from toolkit.files import digest, read_json
from toolkit.steps.common import items_of
from toolkit.studio.http.access import plain_url
from toolkit.studio.http.client import Studio
from toolkit.studio.push.items import PushReport
from toolkit.studio.push.project_specs import PushedProject, ScreenVersion
from toolkit.studio.server.local import open_studio
from toolkit.workspace import CampaignConfig

__all__ = [
    "PushedProject", "ScreenVersion", "StudioFile", "campaign_key", "connect", "is_there", "key_of_server",
    "studio_directory", "studio_file_of",
]  # fmt: skip


class StudioFile(Struct, frozen=True, kw_only=True):
    """``studio.json``: where the campaign stands, without a secret."""

    server: str  # its key in the ledger: the address by which it was known first
    address: str = ""  # by which it was reached last, where that is another one
    campaign: str  # the key by which the server's projects are known
    codebook: str  # name@version#hash that was pushed
    projects: tuple[PushedProject, ...]
    screens: tuple[ScreenVersion, ...] = ()  # the oldest first; the last is the one of now


def studio_directory(root: Path) -> Path:
    """Where the local server of a workspace lives."""
    return Path(os.environ.get("STANCE_STUDIO") or root / ".studio")


def connect(campaign: CampaignConfig) -> tuple[Studio, Path]:
    """The server of a campaign, and the file of the keys that we made there."""
    return connect_workspace(campaign.root)


def connect_workspace(root: Path) -> tuple[Studio, Path]:
    """The server of a workspace, and the file of the keys that we made there.

    The server is that of LABEL_STUDIO_URL and LABEL_STUDIO_API_KEY, or else the workspace's own.
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
    """Where the keys that we made on a server of the user's own lie: a file for each server."""
    return directory / f"keys.{digest(plain_url(url), 8)}.json"


def is_there(file: StudioFile, url: str) -> bool:
    """Whether an address is one by which the campaign's server is known."""
    return url in (file.server, file.address)


def key_of_server(before: StudioFile | None, url: str, report: PushReport) -> str:
    """What the ledger calls a server: what it called it before, also where it is reached by another address now.

    That it is the same one shows in its projects: what they say of when they were changed is told by no other server.
    """
    if before is None or is_there(before, url):
        return url if before is None else before.server
    numbers = {project.id for project in before.projects} & {project.id for project in report.projects}
    return before.server if numbers and set(before.screens) & set(report.screens) else url


def studio_file_of(campaign: CampaignConfig) -> StudioFile:
    """Where the campaign was pushed to."""
    return msgspec.convert(read_json(campaign.at("studio.json"), f"stance push {campaign.path}"), StudioFile)


def campaign_key(campaign: CampaignConfig) -> str:
    """What tells the campaign from others on a server: its name and the first of its items.

    Once it was pushed it stays what it was; items that join come after the first one.
    """
    if campaign.at("studio.json").exists():
        return studio_file_of(campaign).campaign
    return f"{campaign.name}-{next(iter(items_of(campaign)))[:8]}"
