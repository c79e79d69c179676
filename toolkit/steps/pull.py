"""The step that brings annotations from Label Studio into the ledger."""

import contextlib
import itertools
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Literal

import msgspec
from msgspec import Struct

from toolkit.campaigns.progress import CampaignState, state_line, state_of
from toolkit.files import append_jsonl, locked, read_json, write_json
from toolkit.labels.ledger import latest, stale_counts
from toolkit.records import Annotation, Annotator, Item, StudioFile
from toolkit.steps.common import Outcome, Progress, annotators_of, finish, items_of, withdrawn_of
from toolkit.steps.tombstones import TOMBSTONES, read_tombstones
from toolkit.studio.accounts import SIMULATED, read_keys
from toolkit.studio.http.client import Studio
from toolkit.studio.pull.annotations import Pulled, pull_annotations
from toolkit.studio.pull.ledger_index import Cursor, LedgerFile, read_cursor, utc, write_cursor
from toolkit.studio.pull.reading import PullRequest, ScreenSince
from toolkit.studio.push.projects import set_otherwise
from toolkit.studio.server.connection import connect, studio_file_of
from toolkit.workspace import CampaignConfig, read_campaign


class _Names(Struct, frozen=True, kw_only=True):
    """``keys.json``: who is behind a pseudonym; mode 600, never in a dataset."""

    pseudonyms: dict[str, str] = {}  # e-mail address -> pseudonym
    addresses: dict[str, str] = {}  # number of the account -> its address, which the server hides once it is locked


def pull_step(campaign: CampaignConfig, progress: Progress) -> Outcome:
    """Append to the ledger what was changed on the server since the last pull."""
    with open_pull(campaign) as pull:
        return pull.outcome(pull.since_last(progress))


def full_pull_step(campaign: CampaignConfig, progress: Progress) -> Outcome:
    """Read everything on the server again, and append to the ledger what it has not."""
    with open_pull(campaign) as pull:
        return pull.outcome(pull.in_full(progress))


@contextlib.contextmanager
def open_pull(campaign: CampaignConfig) -> Iterator["CampaignPull"]:
    """A way to pull a campaign, once or again and again."""
    studio, keys_file = connect(campaign.root)
    with studio:
        yield CampaignPull(campaign, studio, keys_file)


class CampaignPull:
    """A campaign and its server; the campaign's files are read anew for each pull, since items may join it."""

    def __init__(self, campaign: CampaignConfig, studio: Studio, keys_file: Path) -> None:
        self._keys_file = keys_file
        self._ledger_path = campaign.at("annotations.jsonl")
        self._cursor_path = campaign.at("pull.json")
        self.studio = studio
        self.campaign, self.file, self.items = _read(campaign.path)
        self._doubt = ""
        self._set_otherwise: dict[int, tuple[str, ...]] = {}

    def since_last(self, progress: Progress) -> Pulled:
        """Bring the ledger up to date with what was changed since the last pull; nobody else pulls meanwhile."""
        return self._pull(progress, lambda ledger: read_cursor(self._cursor_path, self.file.server, ledger.size))

    def in_full(self, progress: Progress) -> Pulled:
        """Bring the ledger up to date with everything that there is; nobody else pulls meanwhile."""
        return self._pull(progress, lambda _: None)

    def _pull(self, progress: Progress, cursor_for: Callable[[LedgerFile], Cursor | None]) -> Pulled:
        self.campaign, self.file, self.items = _read(self.campaign.path)
        self._doubt = self.studio.greet()
        self._set_otherwise = set_otherwise(self.studio, self.file.campaign, self.file.projects, self.items)
        with locked(self.campaign.at("pull")):
            naming = Naming(self.campaign, self._keys_file)
            ledger = LedgerFile(self._ledger_path, self.campaign.file.studio.batch, naming.save)
            pulled = pull_annotations(
                self.studio,
                self._request(),
                ledger,
                cursor_for(ledger),
                naming.pseudonym_of,
                lambda done, total: progress("pulled", done, total),
            )
            naming.save()
            self._ledger_path.touch()
            write_cursor(self._cursor_path, pulled.cursor)
        return pulled

    def _request(self) -> PullRequest:
        return PullRequest(
            server=self.file.server,
            projects=self.file.projects,
            items=self.items,
            codebook=self.campaign.codebook,
            codebook_ref=self.file.codebook,
            screens=tuple(ScreenSince(since=utc(each.since), codebook_ref=each.codebook) for each in self.file.screens),
            tombstones=read_tombstones(self.campaign.at(TOMBSTONES)),
        )

    def outcome(self, pulled: Pulled) -> Outcome:
        """What is said of a pull, and its record in ``runs.jsonl``."""
        outputs = [self._ledger_path, self.campaign.at("annotators.jsonl")]
        return finish(self.campaign, "pull", [self.campaign.at("studio.json")], outputs, self.told(pulled))

    def told(self, pulled: Pulled) -> Outcome:
        """What is said of a pull."""
        state, stale = self._state()
        facts = {
            "schema": 1,
            "new": pulled.new,
            "unchanged": pulled.unchanged,
            "tasks": pulled.tasks,
            "unknown_tasks": pulled.unknown_tasks,
            "withdrawn": pulled.withdrawn,
            "in_full": {str(number): why for number, why in pulled.in_full.items()},
            "unproven": {str(number): why for number, why in pulled.unproven.items()},
            "set_otherwise": {str(number): list(names) for number, names in self._set_otherwise.items()},
            "doubt": self._doubt,
            "stale": stale,
            **msgspec.to_builtins(state),
        }
        remarks = (*_remarks(pulled), *self._doubts())
        line = "; ".join((f"{pulled.new} new lines in the ledger", *remarks, state_line(state)))
        return Outcome(line=line, facts=facts)

    def _doubts(self) -> Iterator[str]:
        for number, names in self._set_otherwise.items():
            yield f"project {number} was set otherwise there ({', '.join(names)}): `stance push` puts that right"
        if self._doubt:
            yield self._doubt

    def _state(self) -> tuple[CampaignState, dict[str, int]]:
        """How far the annotation is, and how many answers codebooks of before have; answers themselves are not kept."""
        states = latest(_without_answers(self._ledger_path))
        state = state_of(self.items, states, withdrawn_of(self.campaign))
        return state, stale_counts(states, self.file.codebook)


def _read(path: Path) -> tuple[CampaignConfig, StudioFile, dict[str, Item]]:
    campaign = read_campaign(path)
    return campaign, studio_file_of(campaign), items_of(campaign)


def _remarks(pulled: Pulled) -> Iterator[str]:
    if pulled.withdrawn:
        yield f"{pulled.withdrawn} answers on the server are left out, of people who withdrew"
    for number, why in pulled.in_full.items():
        if why:
            yield f"project {number} was read in full: {why}"
    for number, why in pulled.unproven.items():
        yield f"project {number} is not proven complete: {why}; pull again when fewer people work"


def _without_answers(ledger: Path) -> Iterator[Annotation]:
    for _, line in LedgerFile(ledger).lines():
        yield msgspec.structs.replace(
            line,
            item_id=sys.intern(line.item_id),
            annotator=sys.intern(line.annotator),
            answers={},
            codebook=sys.intern(line.codebook),
        )


def named_accounts(campaign: CampaignConfig) -> dict[int, str]:
    """The pseudonyms that pulls have given to accounts, by the number of the account on the server."""
    path = campaign.at("keys.json")
    names = msgspec.convert(read_json(path), _Names) if path.exists() else _Names()
    pseudonyms = {address.casefold(): name for address, name in names.pseudonyms.items()}
    return {
        int(number): pseudonyms[address.casefold()]
        for number, address in names.addresses.items()
        if address.casefold() in pseudonyms
    }


class Naming:
    """Accounts of the server as pseudonyms; new ones are remembered in the campaign's key file."""

    def __init__(self, campaign: CampaignConfig, keys_file: Path) -> None:
        self._campaign = campaign
        self._path = campaign.at("keys.json")
        self._tombstones = read_tombstones(campaign.at(TOMBSTONES))
        # The server and people write an address in capitals or not as they like.
        ours = read_keys(keys_file).annotators
        # The same server reached by another address has another key file, and people keep their names.
        others = [read_keys(path) for path in sorted(keys_file.parent.glob("keys*.json")) if path != keys_file]
        self._elsewhere = {a.email.casefold(): name for keys in others for name, a in keys.annotators.items()}
        self._ours = {account.email.casefold(): name for name, account in ours.items()}
        self._hidden = {str(account.user_id): account.email for account in ours.values()}
        names = msgspec.convert(read_json(self._path), _Names) if self._path.exists() else _Names()
        self._remembered = {email.casefold(): name for email, name in names.pseudonyms.items()}
        self._addresses = dict(names.addresses)
        self._used: dict[str, Literal["human", "simulated"]] = {}
        self._saved = 0

    def known_name(self, user_id: int, email: str) -> str | None:
        """The pseudonym of an account that has one, by its number and address on the server."""
        address = self._address(user_id, email)
        return self._ours.get(address) or self._remembered.get(address) or self._elsewhere.get(address)

    def _address(self, user_id: int, email: str) -> str:
        number = str(user_id)
        return (email or self._hidden.get(number) or self._addresses.get(number) or f"account {user_id}").casefold()

    def pseudonym_of(self, user_id: int, email: str) -> str:
        """The pseudonym of an account, by its number and address on the server."""
        number, email = str(user_id), self._address(user_id, email)
        name = self.known_name(user_id, email)
        if name is None:
            taken = {*self._ours.values(), *self._remembered.values(), *self._elsewhere.values()}
            names = (f"person-{i}" for i in itertools.count(1))
            name = next(n for n in names if n not in taken and not self._tombstones.hold_name(n))
            self._remembered[email] = name
        if email in self._remembered:
            self._addresses[number] = email
        self._used[name] = "simulated" if email.endswith(f"@{SIMULATED}") else "human"
        return name

    def save(self) -> None:
        """Remember the new names, and who answers, before their answers are written."""
        if self._saved == len(self._used):
            self._campaign.at("annotators.jsonl").touch()
            return
        if self._remembered:
            write_json(self._path, _Names(pseudonyms=self._remembered, addresses=self._addresses), mode=0o600)
        known = annotators_of(self._campaign)
        new = [Annotator(pseudonym=name, kind=kind) for name, kind in sorted(self._used.items()) if name not in known]
        append_jsonl(self._campaign.at("annotators.jsonl"), new)
        self._campaign.at("annotators.jsonl").touch()
        self._saved = len(self._used)
