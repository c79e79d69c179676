"""The step that brings annotations from Label Studio into the ledger."""

from pathlib import Path
from typing import Literal

import msgspec
from msgspec import Struct

from toolkit.campaigns.progress import state_line
from toolkit.files import append_jsonl, locked, mend_jsonl, read_json, read_jsonl, write_json
from toolkit.records import Annotation, Annotator
from toolkit.steps.common import Outcome, Progress, annotators_of, finish, items_of
from toolkit.steps.progressing import campaign_state
from toolkit.steps.studio import connect, studio_file_of
from toolkit.studio.accounts import SIMULATED, read_keys
from toolkit.studio.pull import PullRequest, pull_annotations
from toolkit.workspace import Campaign


class _Names(Struct, frozen=True, kw_only=True):
    """``keys.json``: who is behind a pseudonym; mode 600, never in a dataset."""

    pseudonyms: dict[str, str] = {}  # e-mail address -> pseudonym
    addresses: dict[str, str] = {}  # number of the account -> its address, which the server hides once it is locked


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
        ours = read_keys(keys_file).annotators
        self._ours = {account.email: name for name, account in ours.items()}
        self._hidden = {str(account.user_id): account.email for account in ours.values()}
        names = msgspec.convert(read_json(self._path), _Names) if self._path.exists() else _Names()
        self._remembered = dict(names.pseudonyms)
        self._addresses = dict(names.addresses)
        self._used: dict[str, Literal["human", "simulated"]] = {}

    def pseudonym_of(self, user_id: int, email: str) -> str:
        """The pseudonym of an account, by its number and address on the server."""
        number = str(user_id)
        email = email or self._hidden.get(number) or self._addresses.get(number) or f"account {user_id}"
        name = self._ours.get(email) or self._remembered.get(email)
        if name is None:
            taken = {*self._ours.values(), *self._remembered.values()}
            name = next(n for n in (f"person-{i}" for i in range(1, len(taken) + 2)) if n not in taken)
            self._remembered[email] = name
        if email in self._remembered:
            self._addresses[number] = email
        self._used[name] = "simulated" if email.endswith(f"@{SIMULATED}") else "human"
        return name

    def save(self) -> None:
        """Remember the new names, and who answers, before their answers are written."""
        if self._remembered:
            write_json(self._path, _Names(pseudonyms=self._remembered, addresses=self._addresses), mode=0o600)
        known = annotators_of(self._campaign)
        new = [Annotator(pseudonym=name, kind=kind) for name, kind in sorted(self._used.items()) if name not in known]
        append_jsonl(self._campaign.at("annotators.jsonl"), new)
        self._campaign.at("annotators.jsonl").touch()
