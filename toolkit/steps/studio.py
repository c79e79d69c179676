"""Steps that talk to Label Studio: push, pull, status and simulated annotators."""

import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Literal

import msgspec
from msgspec import Struct

from toolkit.campaigns.progress import CampaignState, state_line, state_of
from toolkit.errors import MissingFileError, StudioError
from toolkit.files import append_jsonl, locked, mend_jsonl, read_json, read_jsonl, write_json, write_text
from toolkit.records import Annotation, Annotator, Item, Paragraph
from toolkit.segmentation.context import NO_CONTEXT, contexts
from toolkit.steps.common import (
    Outcome,
    Progress,
    annotations_of,
    annotators_of,
    articles_of,
    finish,
    items_of,
    paragraphs_of,
)
from toolkit.steps.paragraphs import counts_of, placed_items, told_outdated
from toolkit.studio.accounts import SIMULATED, read_keys
from toolkit.studio.client import Studio
from toolkit.studio.pull import PullRequest, pull_annotations
from toolkit.studio.push import PushedProject, PushRequest, ShownItem, push_items
from toolkit.studio.screen import Shown, label_config
from toolkit.studio.server import open_studio
from toolkit.workspace import Campaign


class StudioFile(Struct, frozen=True, kw_only=True):
    """``studio.json``: where the campaign stands, without a secret."""

    server: str
    campaign: str  # the key by which the server's projects are known
    codebook: str  # name@version#hash that was pushed
    projects: tuple[PushedProject, ...]


class _Names(Struct, frozen=True, kw_only=True):
    """``keys.json``: who is behind a pseudonym; mode 600, never in a dataset."""

    pseudonyms: dict[str, str] = {}  # e-mail address -> pseudonym


def studio_directory(root: Path) -> Path:
    """Where the local server of a workspace lives."""
    return Path(os.environ.get("STANCE_STUDIO") or root / ".studio")


def connect(campaign: Campaign) -> tuple[Studio, Path]:
    """The server of a campaign, and the file of the keys that we made there.

    The server is that of LABEL_STUDIO_URL and LABEL_STUDIO_API_KEY, or else the workspace's own.
    """
    url, token = os.environ.get("LABEL_STUDIO_URL"), os.environ.get("LABEL_STUDIO_API_KEY")
    if url and not token:
        raise StudioError(
            "LABEL_STUDIO_URL is set and LABEL_STUDIO_API_KEY is not; set it to the token of your account"
        )
    if url and token:
        return Studio(url, token), campaign.at("keys.server.json")
    directory = studio_directory(campaign.root)
    return open_studio(directory), directory / "keys.json"


def studio_file_of(campaign: Campaign) -> StudioFile:
    """Where the campaign was pushed to."""
    return msgspec.convert(read_json(campaign.at("studio.json"), f"stance push {campaign.path}"), StudioFile)


# --- push ------------------------------------------------------------------------------------------------------------


def push_step(campaign: Campaign, progress: Progress) -> Outcome:
    """Bring the items to Label Studio, each once."""
    items, paragraphs = items_of(campaign), paragraphs_of(campaign)
    placed = placed_items(campaign, list(items.values()), paragraphs)
    request = PushRequest(
        campaign=campaign_key(campaign),
        title=campaign.file.studio.title or campaign.file.title,
        codebook=campaign.codebook,
        language=campaign.file.language,
        items=tuple(_shown(campaign, placed.items, paragraphs)),
        batch=campaign.file.studio.batch,
    )
    studio, _ = connect(campaign)
    with studio:
        report = push_items(studio, request, lambda done, total: progress("pushed", done, total))
    file = StudioFile(
        server=report.server, campaign=request.campaign, codebook=campaign.codebook.ref, projects=report.projects
    )
    write_text(campaign.at("label_config.xml"), label_config(campaign.codebook, campaign.file.language) + "\n")
    write_json(campaign.at("studio.json"), file)
    counts = counts_of(placed)
    facts = {"schema": 1, **msgspec.to_builtins(report), "placed": counts}
    urls = ", ".join(project.url for project in report.projects)
    line = f"{report.created} items pushed, {report.present} were there, {report.removed} twins removed: {urls}"
    if told := told_outdated(counts):
        line += f"; {told}"
    outcome = Outcome(line=line, facts=facts)
    return finish(campaign, "push", push_inputs(campaign), push_outputs(campaign), outcome)


def push_inputs(campaign: Campaign) -> list[Path]:
    """What a push depends on."""
    return [campaign.beside(campaign.file.codebook), campaign.at("paragraphs.jsonl"), campaign.at("items.jsonl")]


def push_outputs(campaign: Campaign) -> list[Path]:
    """What a push writes."""
    return [campaign.at("studio.json"), campaign.at("label_config.xml")]


def campaign_key(campaign: Campaign) -> str:
    """What tells the campaign from others on a server: its name and the first of its items."""
    items = items_of(campaign)
    return f"{campaign.name}-{min(items)[:8]}"


def _shown(campaign: Campaign, items: Iterable[Item], paragraphs: Sequence[Paragraph]) -> list[ShownItem]:
    """What is shown for the items whose paragraph is there; what annotators saw of the others stays on the server."""
    texts = {paragraph.id: paragraph.text for paragraph in paragraphs}
    titles = {article.id: article.title for article in articles_of(campaign).values()}
    around = contexts(paragraphs, titles, campaign.file.sample.roles)
    return [
        ShownItem(
            item=item,
            shown=Shown(
                headline=context.headline,
                previous=context.previous,
                text=texts[item.unit_id],
                next=context.next,
            ),
        )
        for item in items
        for context in [around.get(item.unit_id, NO_CONTEXT)]  # none where an edit gave it a role that is not asked
    ]


# --- pull ------------------------------------------------------------------------------------------------------------


def pull_step(campaign: Campaign, progress: Progress) -> Outcome:
    """Append to the ledger what the server has and the ledger has not."""
    file, items = studio_file_of(campaign), items_of(campaign)
    studio, keys_file = connect(campaign)
    ledger, batch = campaign.at("annotations.jsonl"), campaign.file.studio.batch
    request = PullRequest(
        server=file.server,
        projects=tuple(project.id for project in file.projects),
        items=items,
        codebook=campaign.codebook,
        codebook_ref=file.codebook,
    )
    with studio, locked(campaign.at("pull")):
        mend_jsonl(ledger)
        known = read_jsonl(ledger, Annotation) if ledger.exists() else []
        naming = _Naming(campaign, keys_file)
        pulled = pull_annotations(studio, request, known, naming.pseudonym_of)
        naming.save()
        for start in range(0, len(pulled.annotations), batch):
            append_jsonl(ledger, pulled.annotations[start : start + batch])
            progress("pulled", min(start + batch, len(pulled.annotations)), len(pulled.annotations))
        ledger.touch()
    state = campaign_state(campaign)
    facts = {
        "schema": 1,
        "new": len(pulled.annotations),
        "unchanged": pulled.unchanged,
        "unknown_tasks": pulled.unknown_tasks,
        **msgspec.to_builtins(state),
    }
    line = f"{len(pulled.annotations)} new lines in the ledger; {state_line(state)}"
    outcome = Outcome(line=line, facts=facts)
    return finish(campaign, "pull", [campaign.at("studio.json")], [ledger, campaign.at("annotators.jsonl")], outcome)


class _Naming:
    """Accounts of the server as pseudonyms; new ones are remembered in the campaign's key file."""

    def __init__(self, campaign: Campaign, keys_file: Path) -> None:
        self._campaign = campaign
        self._path = campaign.at("keys.json")
        self._ours = {account.email: name for name, account in read_keys(keys_file).annotators.items()}
        names = msgspec.convert(read_json(self._path), _Names) if self._path.exists() else _Names()
        self._remembered = dict(names.pseudonyms)
        self._used: dict[str, Literal["human", "simulated"]] = {}

    def pseudonym_of(self, user_id: int, email: str) -> str:
        """The pseudonym of an account, by its number and address on the server."""
        email = email or f"account {user_id}"
        name = self._ours.get(email) or self._remembered.get(email)
        if name is None:
            taken = {*self._ours.values(), *self._remembered.values()}
            name = next(n for n in (f"person-{i}" for i in range(1, len(taken) + 2)) if n not in taken)
            self._remembered[email] = name
        self._used[name] = "simulated" if email.endswith(f"@{SIMULATED}") else "human"
        return name

    def save(self) -> None:
        """Remember the new names, and who answers, before their answers are written."""
        if self._remembered:
            write_json(self._path, _Names(pseudonyms=self._remembered), mode=0o600)
        known = annotators_of(self._campaign)
        new = [Annotator(pseudonym=name, kind=kind) for name, kind in sorted(self._used.items()) if name not in known]
        append_jsonl(self._campaign.at("annotators.jsonl"), new)
        self._campaign.at("annotators.jsonl").touch()


# --- how far it is ---------------------------------------------------------------------------------------------------


def campaign_state(campaign: Campaign) -> CampaignState:
    """How far the annotation is, by the ledger as it was last pulled."""
    try:
        annotations = annotations_of(campaign)
    except MissingFileError:
        annotations = []
    return state_of(items_of(campaign), annotations)


def status_step(campaign: Campaign) -> Outcome:
    """How far the annotation is and where it goes on; reads the ledger, asks no server."""
    file, state = studio_file_of(campaign), campaign_state(campaign)
    urls = ", ".join(project.url for project in file.projects)
    return Outcome(line=f"{state_line(state)}; {urls}", facts={"schema": 1, **msgspec.to_builtins(state)})
