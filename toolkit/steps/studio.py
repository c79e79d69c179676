"""Steps around the server of a workspace: starting a local one, and the accounts on either kind."""

import os
from pathlib import Path

import msgspec
from msgspec import Struct

from toolkit.errors import UsageError
from toolkit.people import PEOPLE, Account, read_keys
from toolkit.steps.common import Outcome, Progress
from toolkit.studio.accounts import ensure_accounts, ensure_annotators, lock_out, people_in
from toolkit.studio.server.connection import connect, server_keys, studio_directory
from toolkit.studio.server.local import open_studio, server_status, start_server, stop_server
from toolkit.studio.server.postgres import database_of, parse_database, use_cluster, use_database
from toolkit.studio.server.program import set_password
from toolkit.tables import read_table


class StartRequest(Struct, frozen=True, kw_only=True):
    """How a local server is wanted."""

    port: int | None = None  # None: any free one
    annotators: int = 3  # how many accounts to have
    database: str | None = None  # the address of a PostgreSQL database; None: what the server has
    postgres: bool = False  # a private PostgreSQL cluster


def start_step(workspace: Path, wanted: StartRequest, progress: Progress) -> Outcome:
    """Start the server, make the accounts, and say where to open it."""
    directory = studio_directory(workspace)
    _choose_database(directory, wanted)
    state = start_server(directory, lambda line: progress(line, 0, 0), wanted.port)
    names = [f"annotator-{number}" for number in range(1, wanted.annotators + 1)]
    with open_studio(directory) as studio:
        ensure_annotators(studio, names, PEOPLE, directory / "keys.json", lambda line: progress(line, 0, 0))
    kind = "PostgreSQL" if database_of(directory) else "SQLite"
    facts = {"schema": 1, "running": True, **msgspec.to_builtins(state), "database": kind, "annotators": names}
    line = (
        f"Label Studio {state.version} at {state.url}, for {len(names)} annotators; "
        "`stance studio users --show-passwords` has their accounts"
    )
    return Outcome(line=line, facts=facts)


def _choose_database(directory: Path, wanted: StartRequest) -> None:
    if wanted.database and wanted.postgres:
        raise UsageError("--database names a PostgreSQL that runs, --postgres starts one; give one of them")
    if wanted.database:
        use_database(directory, parse_database(wanted.database))
    elif wanted.postgres:
        use_cluster(directory)


def stop_step(workspace: Path) -> Outcome:
    """Stop the server; its data stay."""
    stopped = stop_server(studio_directory(workspace))
    return Outcome(line="stopped" if stopped else "no server was running", facts={"schema": 1, "stopped": stopped})


def status_step(workspace: Path) -> Outcome:
    """Whether the server runs and where."""
    state = server_status(studio_directory(workspace))
    if state is None:
        return Outcome(line="not running; `stance studio start` starts it", facts={"schema": 1, "running": False})
    line = f"Label Studio {state.version} at {state.url}, process {state.pid}"
    return Outcome(line=line, facts={"schema": 1, "running": True, **msgspec.to_builtins(state)})


# --- accounts --------------------------------------------------------------------------------------------------------


def users_step(workspace: Path, show_passwords: bool) -> Outcome:
    """The accounts that were made, with their passwords only where they are asked for."""
    directory = studio_directory(workspace)
    url = os.environ.get("LABEL_STUDIO_URL")
    keys = read_keys(server_keys(directory, url) if url else directory / "keys.json")
    accounts = ({"admin": keys.admin} if keys.admin else {}) | keys.annotators
    users = [_user(name, account, show_passwords) for name, account in accounts.items()]
    made_by = "`stance studio users add FILE.csv` makes them" if url else "`stance studio start` makes them"
    line = "\n".join(map(_user_line, users)) or f"no accounts yet; {made_by}"
    return Outcome(line=line, facts={"schema": 1, "users": users})


def add_users_step(workspace: Path, table: Path, progress: Progress) -> Outcome:
    """Make the accounts of the people in a table."""
    people = people_in(read_table(table), str(table))
    if not people:
        raise UsageError(f"{table}: nobody in it; columns are pseudonym, and where wanted languages and email")
    studio, keys_file = connect(workspace)
    with studio:
        accounts = ensure_accounts(studio, people, keys_file, lambda line: progress(line, 0, 0))
    users = [_user(name, account, show_password=False) for name, account in accounts.items()]
    line = f"{len(users)} accounts on {studio.url}; `stance studio users --show-passwords` prints what to hand out"
    return Outcome(line=line, facts={"schema": 1, "server": studio.url, "users": users})


def invite_step(workspace: Path) -> Outcome:
    """The link by which somebody can make an account of their own."""
    studio, _ = connect(workspace)
    with studio:
        link = studio.url + studio.invitation()
    return Outcome(line=link, facts={"schema": 1, "server": studio.url, "invitation": link})


def lock_step(workspace: Path, name: str) -> Outcome:
    """Lock somebody out for good; their answers stay theirs."""
    directory = studio_directory(workspace)
    studio, keys_file = connect(workspace)
    local = keys_file == directory / "keys.json"

    def change(email: str, password: str) -> None:
        set_password(directory, database_of(directory), email, password)

    with studio:
        account = lock_out(studio, name, keys_file, change if local else None)
    facts = {"schema": 1, "server": studio.url, "locked": account.email}
    return Outcome(line=f"{account.email} is locked out for good; what it answered stays", facts=facts)


def _user(pseudonym: str, account: Account, show_password: bool) -> dict[str, object]:
    user: dict[str, object] = {"pseudonym": pseudonym, "email": account.email}
    if account.languages:
        user["languages"] = list(account.languages)
    if account.locked:
        user["locked"] = True
    return user | ({"password": account.password} if show_password and not account.locked else {})


def _user_line(user: dict[str, object]) -> str:
    cells = [user["pseudonym"], user["email"], user.get("password", "")]
    cells += ["locked out"] if user.get("locked") else []
    return "\t".join(str(cell) for cell in cells if cell)
