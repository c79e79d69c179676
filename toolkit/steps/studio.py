"""`stance studio`: a local Label Studio, and the accounts on the server of a workspace."""

import functools
import os
from pathlib import Path
from typing import Any

from msgspec import Struct

from toolkit.errors import UsageError
from toolkit.people import PEOPLE, read_keys
from toolkit.runs import Progress, Result
from toolkit.studio import accounts
from toolkit.studio.server.connection import connect, server_keys, studio_directory
from toolkit.studio.server.local import ServerResult, open_studio, server_status, start_server, stop_server
from toolkit.studio.server.postgres import database_of, parse_database, use_cluster, use_database
from toolkit.studio.server.program import set_password
from toolkit.tables import read_table
from toolkit.words import plural


class StartRequest(Struct, frozen=True, kw_only=True):
    """Options of a local server."""

    port: int | None = None  # None: any free one
    annotators: int = 3  # accounts to have
    database: str | None = None  # the address of a PostgreSQL database; None: what the server has
    postgres: bool = False  # a private PostgreSQL cluster


class StopResult(Result, frozen=True, kw_only=True):
    """Whether a server was stopped."""

    stopped: bool

    def line(self) -> str:
        """The result in one line."""
        return "stopped" if self.stopped else "no server was running"


class UsersResult(Result, frozen=True, kw_only=True, omit_defaults=True):
    """Accounts on a server."""

    server: str = ""  # its address; "": the keys alone were read
    users: tuple[accounts.ListedAccount, ...]
    made_by: str = ""  # the command that makes accounts

    def line(self) -> str:
        """The accounts as a table, or how many were made."""
        if self.server:
            count = f"{plural(len(self.users), 'account')} on {self.server}"
            return f"{count}; `stance studio users --show-passwords` prints the passwords to hand out"
        return "\n".join(user.line() for user in self.users) or f"no accounts yet; `{self.made_by}` makes them"

    def facts(self) -> dict[str, Any]:
        """The fields without the command."""
        return {name: value for name, value in super().facts().items() if name != "made_by"}


class InviteResult(Result, frozen=True, kw_only=True):
    """The link by which people make accounts of their own."""

    server: str
    invitation: str

    def line(self) -> str:
        """The link."""
        return self.invitation


class LockResult(Result, frozen=True, kw_only=True):
    """An account that was locked out."""

    server: str
    locked: str  # e-mail address

    def line(self) -> str:
        """The result in one line."""
        return f"{self.locked} is locked out for good; its answers stay"


def start_studio(workspace: Path, request: StartRequest, progress: Progress) -> ServerResult:
    """Start the server and make the accounts."""
    directory = studio_directory(workspace)
    if request.database and request.postgres:
        raise UsageError("--database names a PostgreSQL that runs, --postgres starts one; give one of them")
    if request.database:
        use_database(directory, parse_database(request.database))
    elif request.postgres:
        use_cluster(directory)
    state = start_server(directory, lambda line: progress(line, 0, 0), request.port)
    names = tuple(f"annotator-{number}" for number in range(1, request.annotators + 1))
    with open_studio(directory) as studio:
        keys_file, domain = directory / "keys.json", PEOPLE
        accounts.ensure_annotators(studio, names, domain, keys_file, lambda line: progress(line, 0, 0))
    kind = "PostgreSQL" if database_of(directory) else "SQLite"
    return ServerResult(running=True, server=state, database=kind, annotators=names)


def stop_studio(workspace: Path) -> StopResult:
    """Stop the server; its data stay."""
    return StopResult(stopped=stop_server(studio_directory(workspace)))


def studio_status(workspace: Path) -> ServerResult:
    """Whether the server runs, and where."""
    state = server_status(studio_directory(workspace))
    return ServerResult(running=state is not None, server=state)


def list_users(workspace: Path, *, show_passwords: bool) -> UsersResult:
    """The accounts that were made, with their passwords where they are asked for."""
    directory, url = studio_directory(workspace), os.environ.get("LABEL_STUDIO_URL")
    keys = read_keys(server_keys(directory, url) if url else directory / "keys.json")
    made = ({"admin": keys.admin} if keys.admin else {}) | keys.annotators
    listed = accounts.listed_with_password if show_passwords else accounts.listed_account
    users = tuple(listed(*pair) for pair in made.items())
    return UsersResult(users=users, made_by="stance studio users add FILE.csv" if url else "stance studio start")


def add_users(workspace: Path, table: Path, progress: Progress) -> UsersResult:
    """Make the accounts of the people in a table."""
    people = accounts.people_in(read_table(table), str(table))
    studio, keys_file = connect(workspace)
    with studio:
        made = accounts.ensure_accounts(studio, people, keys_file, lambda line: progress(line, 0, 0))
    return UsersResult(server=studio.url, users=tuple(accounts.listed_account(*pair) for pair in made.items()))


def invite_users(workspace: Path) -> InviteResult:
    """The link by which people make accounts of their own."""
    studio, _ = connect(workspace)
    with studio:
        return InviteResult(server=studio.url, invitation=studio.url + studio.invitation())


def lock_user(workspace: Path, name: str) -> LockResult:
    """Lock somebody out for good; their answers stay."""
    directory = studio_directory(workspace)
    studio, keys_file = connect(workspace)
    is_local = keys_file == directory / "keys.json"
    change = functools.partial(set_password, directory, database_of(directory)) if is_local else None
    with studio:
        account = accounts.lock_out(studio, name, keys_file, change)
    return LockResult(server=studio.url, locked=account.email)
