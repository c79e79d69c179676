"""A local Label Studio server: one directory, one process, bound to the loopback address only."""

import os
import re
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import msgspec
from msgspec import Struct

from toolkit.errors import DataError, StudioError
from toolkit.files import locked, read_json, write_json
from toolkit.people import Account, Keys, read_keys, write_keys
from toolkit.runs import Result
from toolkit.studio.accounts import logged_in, new_account
from toolkit.studio.http.client import Studio
from toolkit.studio.server.postgres import database_of, ensure_ready, free_port, halt, is_free
from toolkit.studio.server.program import environment, installed, lay_out, release_spent_locks
from toolkit.times import now
from toolkit.words import plural

Progress = Callable[[str], None]

_START_SECONDS = 240.0  # a start takes 5 s from the prepared database, a minute where migrations are due
_STOP_SECONDS = 20.0
_POLL_SECONDS = 0.1


class ServerState(Struct, frozen=True, kw_only=True):
    """A running server."""

    url: str
    port: int
    pid: int
    version: str
    started: str  # ISO 8601, UTC


class ServerResult(Result, frozen=True, kw_only=True):
    """Whether a local server runs, and where."""

    running: bool
    server: ServerState | None = None
    database: str | None = None  # SQLite or PostgreSQL; None: not requested
    annotators: tuple[str, ...] | None = None

    def line(self) -> str:
        """Format the address and the next step."""
        if self.server is None:
            return "not running; `stance studio start` starts it"
        where = f"Label Studio {self.server.version} at {self.server.url}"
        if self.annotators is None:
            return f"{where}, process {self.server.pid}"
        accounts = "`stance studio users --show-passwords` prints their accounts"
        return f"{where}, for {plural(len(self.annotators), 'annotator')}; {accounts}"

    def facts(self) -> dict[str, Any]:
        """Return the fields, including those of the server, without fields that were not requested."""
        facts = {name: value for name, value in super().facts().items() if value is not None}
        server: dict[str, Any] = facts.pop("server", {})
        return facts | server


# --- start and stop ------------------------------------------------------------------------------------------------


def server_status(directory: Path) -> ServerState | None:
    """Return the server of a directory if it runs and is ours, else None."""
    state = _written_state(directory)
    if state is None or not _is_ours(state):
        return None
    admin = read_keys(directory / "keys.json").admin
    return state if admin and _answers_as(state, admin) else None


def start_server(directory: Path, progress: Progress, port: int | None = None) -> ServerState:
    """Start the server of a directory; a running server is returned unchanged.

    Args:
        directory: created if missing; holds the data, the state, the keys and the log.
        progress: called with a message before each slow step.
        port: None: the previous port, or else any free one.

    Raises:
        StudioError: Label Studio is not installed, the port is in use, or the server does not start.
    """
    directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    with locked(directory / "server.json"):
        running = server_status(directory) or _left_behind(directory)
        if running:
            if port not in (None, running.port):
                raise StudioError(
                    f"{directory}: runs already, on port {running.port}; `stance studio stop` comes first"
                )
            return running
        program, version = installed()
        chosen = _chosen_port(directory, port)
        database = database_of(directory)
        if database:
            ensure_ready(database, progress)
        lay_out(directory, database, progress)
        release_spent_locks(directory, database)
        progress(f"starting Label Studio {version} on port {chosen}")
        return _started(directory, program, version, chosen)


def stop_server(directory: Path) -> bool:
    """Stop the server of a directory; return False if none runs.

    Raises:
        StudioError: the server does not stop.
    """
    with locked(directory / "server.json"):
        state, database = _written_state(directory), database_of(directory)
        ran = state is not None and _is_ours(state)
        if state and ran:
            _end(directory, state)
        if database:
            halt(database)
        return ran


def _end(directory: Path, state: ServerState) -> None:
    os.kill(state.pid, signal.SIGTERM)
    for _ in _until(_STOP_SECONDS):
        # The port stays in use for a moment after the process ends, and the next start needs it.
        if not _is_ours(state) and is_free(state.port):
            return
    if _is_ours(state):
        raise StudioError(f"{directory}: process {state.pid} does not stop; end it with `kill -9 {state.pid}`")


def open_studio(directory: Path) -> Studio:
    """Connect to the server of a directory with its administrator's token.

    Raises:
        StudioError: the server does not run.
    """
    state = server_status(directory)
    admin = read_keys(directory / "keys.json").admin
    if state is None or admin is None:
        raise StudioError(
            f"{directory}: no server runs here; start it with `stance studio start`, or annotate without "
            "one: `stance push CAMPAIGN --to DIR` writes spreadsheets"
        )
    return Studio(state.url, admin.token)


# --- the process ---------------------------------------------------------------------------------------------------


def _started(directory: Path, program: Path, version: str, port: int) -> ServerState:
    log = directory / "server.log"
    log.touch(mode=0o600)
    seen = log.stat().st_size
    keys = read_keys(directory / "keys.json")
    admin = keys.admin or new_account("admin@studio.invalid")
    write_keys(directory / "keys.json", msgspec.structs.replace(keys, admin=admin))
    pid = _spawned(program, directory, port, admin)
    state = ServerState(url=f"http://127.0.0.1:{port}", port=port, pid=pid, version=version, started=now())
    write_json(directory / "server.json", state)
    try:
        _wait_until_up(state, log, seen)
        _remember_token(directory, state)
    except StudioError:
        if _is_ours(state):
            os.kill(pid, signal.SIGTERM)
        raise
    return state


def _left_behind(directory: Path) -> ServerState | None:
    """Return the server of a start interrupted before it had the token, now with the token; None if none runs."""
    state = _written_state(directory)
    for _ in _until(_START_SECONDS):
        if state is None or not _is_ours(state):
            return None
        if _is_healthy(state.url):
            _remember_token(directory, state)
            return state
    raise StudioError(f"{directory}: the server runs and does not answer; `stance studio stop` comes first")


def _spawned(program: Path, directory: Path, port: int, admin: Account) -> int:
    """Start the process and return its id; it outlives this process and receives none of its signals."""
    command = [str(program), "start", "--no-browser", "--internal-host", "127.0.0.1", "--port", str(port)]
    variables = environment(directory / "data", database_of(directory))
    if not admin.token:  # the first start creates the administrator; any other way would log the token
        variables |= {"LABEL_STUDIO_USERNAME": admin.email, "LABEL_STUDIO_PASSWORD": admin.password}
    # The shell exits and leaves the process behind, so no parent has to wait for it.
    script = 'cd "$0" && { "$@" >>"../server.log" 2>&1 </dev/null & echo $!; }'
    done = subprocess.run(
        ["sh", "-c", script, str((directory / "data").resolve()), *command],
        env=variables,
        start_new_session=True,
        stdout=subprocess.PIPE,
        check=True,
        text=True,
    )
    return int(done.stdout)


def _wait_until_up(state: ServerState, log: Path, seen: int) -> None:
    for _ in _until(_START_SECONDS):
        if not _is_ours(state):
            raise StudioError(f"the server ended at once; {log} has the reason")
        if _is_listening(state, log, seen) and _is_healthy(state.url):
            return
    raise StudioError(f"no answer from {state.url} after {_START_SECONDS:.0f} s; {log} may have the reason")


def _is_listening(state: ServerState, log: Path, seen: int) -> bool:
    """Return whether it listens on its port; Label Studio silently changes to another port if that one is in use."""
    with log.open("rb") as handle:
        handle.seek(seen)
        match = re.search(rb"Starting development server at http://[^/\s]*?:(\d+)/", handle.read())
    if match and int(match[1]) != state.port:
        raise StudioError(f"port {state.port} was taken by another program just now; start again, or name another port")
    return match is not None


def _is_healthy(url: str) -> bool:
    try:
        return httpx.get(f"{url}/health", trust_env=False, timeout=5).is_success
    except httpx.HTTPError:
        return False


def _remember_token(directory: Path, state: ServerState) -> None:
    keys = read_keys(directory / "keys.json")
    if keys.admin and not (keys.admin.token and _answers_as(state, keys.admin)):
        admin = logged_in(state.url, keys.admin)
        write_keys(directory / "keys.json", Keys(admin=admin, annotators=keys.annotators))


def _answers_as(state: ServerState, admin: Account) -> bool:
    """Return whether the server accepts our token, which requires our signing key."""
    if not admin.token:
        return False
    with Studio(state.url, admin.token) as studio:
        try:
            return studio.whoami().email == admin.email
        except StudioError:
            return False


def _is_ours(state: ServerState) -> bool:
    """Return whether the process is the one that we started: process ids are reused."""
    command = _command_of(state.pid)
    return "label-studio" in command and command.split()[-2:] == ["--port", str(state.port)]


def _command_of(pid: int) -> str:
    if Path("/proc/self/cmdline").exists():
        try:
            return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            return ""
    listed = subprocess.run(["ps", "-o", "args=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return listed.stdout


def _written_state(directory: Path) -> ServerState | None:
    path = directory / "server.json"
    if not path.exists():
        return None
    try:
        return msgspec.convert(read_json(path), ServerState)
    except msgspec.ValidationError as error:
        raise DataError(f"{path}: {error}; delete the file if no server runs here") from error


def _chosen_port(directory: Path, requested: int | None) -> int:
    if requested is not None:
        if not is_free(requested):
            raise StudioError(f"port {requested} is taken by another program; name another, or none for any free one")
        return requested
    before = _written_state(directory)
    return free_port([before.port] if before else [])


def _until(seconds: float) -> Iterator[None]:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        yield
        time.sleep(_POLL_SECONDS)
