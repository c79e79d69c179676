"""Steps around the local Label Studio of a workspace."""

from pathlib import Path

import msgspec

from toolkit.errors import StudioError
from toolkit.steps.common import Outcome, Progress
from toolkit.steps.studio import studio_directory
from toolkit.studio.accounts import PEOPLE, ensure_annotators, read_keys
from toolkit.studio.server import open_studio, server_status, start_server, stop_server


def start_step(workspace: Path, port: int | None, annotators: int, progress: Progress) -> Outcome:
    """Start the server, make the accounts, and say where to open it."""
    directory = studio_directory(workspace)
    state = start_server(directory, lambda line: progress(line, 0, 0), port)
    names = [f"annotator-{number}" for number in range(1, annotators + 1)]
    with open_studio(directory) as studio:
        ensure_annotators(studio, names, PEOPLE, directory / "keys.json", lambda line: progress(line, 0, 0))
    facts = {"schema": 1, "running": True, **msgspec.to_builtins(state), "annotators": names}
    line = (
        f"Label Studio {state.version} at {state.url}, for {len(names)} annotators; "
        "`stance studio users --show-passwords` has their accounts"
    )
    return Outcome(line=line, facts=facts)


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


def users_step(workspace: Path, show_passwords: bool) -> Outcome:
    """The accounts that were made, with their passwords only where they are asked for."""
    path = studio_directory(workspace) / "keys.json"
    keys = read_keys(path)
    if keys.admin is None:
        raise StudioError(f"{path}: no accounts yet; `stance studio start` makes them")
    accounts = {"admin": keys.admin, **keys.annotators}
    lines = [
        f"{name}\t{account.email}" + (f"\t{account.password}" if show_passwords else "")
        for name, account in accounts.items()
    ]
    users = [
        {"pseudonym": name, "email": account.email} | ({"password": account.password} if show_passwords else {})
        for name, account in accounts.items()
    ]
    return Outcome(line="\n".join(lines), facts={"schema": 1, "users": users})
