"""The installed Label Studio program: its path, its environment and the prepared database of a new server.

The migrations of a new database take a minute and run once per machine: an empty migrated database, without users and
without a signing key, is kept outside the workspace and copied for each new server.
"""

import contextlib
import datetime
import importlib.metadata
import os
import secrets
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from msgspec import Struct

from toolkit.errors import StudioError
from toolkit.files import locked, written_whole
from toolkit.runs import install_command
from toolkit.studio.server.postgres import Database, database_of, dump, execute, is_migrated, restore, rows_of
from toolkit.times import format_utc, moment

SQLITE = "label_studio.sqlite3"
_SIGNING_KEY = "SECRET_KEY"

LOCK_SECONDS = 3600  # after which a task that was opened and left is free for others
# Label Studio saves an answer first and releases the task's lock afterwards. If it dies in between, the task stays
# locked by an annotator who has finished it. Until the lock expires, it is hidden from the annotators whose votes are
# needed.
_SPENT_LOCKS = """
delete from tasks_tasklock where exists (
  select 1 from task_completion where task_completion.task_id = tasks_tasklock.task_id
  and task_completion.completed_by_id = tasks_tasklock.user_id)
"""
_INHERITED = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR")


def installed() -> tuple[Path, str]:
    """Return the path of the program and its version.

    Raises:
        StudioError: the program is not installed.
    """
    neighbour = Path(sys.executable).with_name("label-studio")
    program = neighbour if neighbour.exists() else shutil.which("label-studio")
    try:
        version = importlib.metadata.version("label-studio")
    except importlib.metadata.PackageNotFoundError:
        program = None
    if not program:
        raise StudioError(f"Label Studio is not installed for this Python; type: {install_command('server')}")
    return Path(program), version


def environment(data: Path, database: Database | None) -> dict[str, str]:
    """Return a clean environment: variables such as HOST, DEBUG or USERNAME would change the server."""
    inherited = {name: os.environ[name] for name in _INHERITED if name in os.environ}
    chosen = {
        "LABEL_STUDIO_BASE_DATA_DIR": str(data.resolve()),
        "LABEL_STUDIO_DISABLE_SIGNUP_WITHOUT_LINK": "true",
        "LABEL_STUDIO_ALLOWED_HOSTS": "127.0.0.1,localhost",
        "TASK_LOCK_TTL": str(LOCK_SECONDS),
        "SSRF_PROTECTION_ENABLED": "false",  # otherwise no webhook could call a program on this machine
        "CORS_ALLOW_ALL_ORIGINS": "false",  # no page of another site needs access
        "COLLECT_ANALYTICS": "false",
        "LATEST_VERSION_CHECK": "false",
        "SENTRY_DSN": "",
        "FRONTEND_SENTRY_DSN": "",
        "DEBUG": "false",
        "PYTHONUNBUFFERED": "1",  # otherwise the line with the port stays in a buffer
    }
    return inherited | chosen | _database_variables(database)


def _database_variables(database: Database | None) -> dict[str, str]:
    if database is None:
        return {}
    return {
        "DJANGO_DB": "default",
        "POSTGRE_HOST": database.host,
        "POSTGRE_PORT": str(database.port),
        "POSTGRE_NAME": database.name,
        "POSTGRE_USER": database.user,
        "POSTGRE_PASSWORD": database.password,
    }


def lay_out(directory: Path, database: Database | None, progress: Callable[[str], None]) -> None:
    """Give a new server an empty, migrated database; an existing database stays unchanged."""
    data = directory / "data"
    data.mkdir(exist_ok=True, mode=0o700)
    _keep_signing_key(data / ".env")
    if database is None and not (data / SQLITE).exists():
        beside = data / f".{SQLITE}.part"
        shutil.copyfile(prepared_directory(progress) / SQLITE, beside)
        beside.chmod(0o600)
        beside.replace(data / SQLITE)
    elif database is not None and not is_migrated(database):
        _fill(database, progress)


def _keep_signing_key(path: Path) -> None:
    """Give a server a signing key that it can read back.

    One in fifty keys that Label Studio generates begins with a dollar sign. When it is read back, such a value is taken
    for the name of another variable: the server then generates a new key at every start, and all earlier tokens and
    sessions are invalid. So a new server gets a key of ours, and a line with such a key is removed.
    """
    before = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    lines = [line for line in before if not line.startswith(f"{_SIGNING_KEY}=$")]
    if any(line.startswith(f"{_SIGNING_KEY}=") for line in lines) and lines == before:
        return
    if not any(line.startswith(f"{_SIGNING_KEY}=") for line in lines):
        lines.append(f"{_SIGNING_KEY}={secrets.token_urlsafe(48)}")
    with written_whole(path, 0o600) as temporary:
        temporary.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


def release_spent_locks(directory: Path, database: Database | None) -> None:
    """Release the locks left by a server that died while saving; the server must not run."""
    if database:
        execute(database, _SPENT_LOCKS)
        return
    with contextlib.closing(sqlite3.connect(directory / "data" / SQLITE)) as connection, connection:
        connection.execute(_SPENT_LOCKS)


def set_password(directory: Path, database: Database | None, email: str, password: str) -> None:
    """Set the password of an account of a local server, which also ends all its sessions.

    Raises:
        StudioError: the program fails.
    """
    program, _ = installed()
    # The password goes through standard input: the process list shows command lines to every user.
    done = subprocess.run(
        [str(program), "reset_password", "--username", email],
        env=environment(directory / "data", database),
        cwd=directory / "data",
        input=password + "\n",
        capture_output=True,
        text=True,
        check=False,
        start_new_session=True,
    )
    if done.returncode or "Password successfully changed" not in done.stdout:
        raise StudioError(f"{directory}: the password of {email} was not changed: {done.stdout[-300:]}")


# --- prepared database ---------------------------------------------------------------------------------------------


def prepared_directory(progress: Callable[[str], None]) -> Path:
    """Return the directory of the empty, migrated database for this Label Studio version; created on the first call.

    The directory is under ``STANCE_CACHE``, or else ``~/.cache/stance-toolkit``.
    """
    directory = _cache()
    with locked(directory / SQLITE):
        if not (directory / SQLITE).exists():
            progress(f"preparing {directory.name}: once on this machine, about a minute")
            with tempfile.TemporaryDirectory(prefix=".making-", dir=directory) as scratch:
                _migrate(Path(scratch), None)
                (Path(scratch) / SQLITE).chmod(0o600)
                (Path(scratch) / SQLITE).replace(directory / SQLITE)
    return directory


def _cache() -> Path:
    cache = Path(os.environ.get("STANCE_CACHE") or Path.home() / ".cache" / "stance-toolkit")
    directory = cache / f"label-studio-{installed()[1]}"
    directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    return directory


def _fill(database: Database, progress: Callable[[str], None]) -> None:
    """Migrate an empty PostgreSQL database, from an earlier dump on this machine if there is one."""
    directory = _cache()
    template = directory / f"{SQLITE.removesuffix('.sqlite3')}.sql"
    with locked(template):
        if template.exists():
            restore(database, template)
            return
        progress(f"preparing {directory.name} for PostgreSQL: once on this machine, about a minute")
        with tempfile.TemporaryDirectory(prefix=".making-", dir=directory) as scratch:
            _migrate(Path(scratch), database)
        dump(database, template)


def _migrate(data: Path, database: Database | None) -> None:
    # The version command also migrates the database, without creating a user.
    done = subprocess.run(
        [str(installed()[0]), "version"],
        env=environment(data, database),
        cwd=data,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode or (database is None and not (data / SQLITE).exists()):
        raise StudioError(f"Label Studio cannot prepare its database: {done.stderr[-500:]}")


# --- locks on tasks ---------------------------------------------------------------------------------------------------


_AT_WORK = 600.0  # seconds after which an open task counts as left
_HELD = """
select tasks_tasklock.task_id, htx_user.email, tasks_tasklock.expire_at from tasks_tasklock
join task on task.id = tasks_tasklock.task_id join htx_user on htx_user.id = tasks_tasklock.user_id
where task.project_id in ({}) order by tasks_tasklock.expire_at, tasks_tasklock.task_id
"""


class HeldTask(Struct, frozen=True, kw_only=True):
    """A task that was opened and not answered."""

    task: int
    email: str  # of the annotator who opened it
    since: str  # ISO 8601, UTC
    until: str


def held_tasks(directory: Path, projects: Iterable[int], now: str) -> list[HeldTask] | None:
    """Return the tasks of projects that were opened a while ago and left, oldest lock first.

    Args:
        directory: of the local server.
        projects: the projects to search.
        now: the current time, ISO 8601 in UTC.

    Returns:
        None if the database cannot be read from this machine.
    """
    statement = _HELD.format(", ".join(map(str, map(int, projects))) or "0")
    try:
        rows = list(_rows(directory, statement))
    except (sqlite3.Error, StudioError):
        return None
    held = [_held(*row) for row in rows]
    left = _moved(now, -_AT_WORK)
    return [lock for lock in held if lock.until > now and lock.since < left]


def _rows(directory: Path, statement: str) -> Iterator[tuple[str, ...]]:
    database = database_of(directory)
    if database is not None:
        yield from rows_of(database, statement)
        return
    path = (directory / "data" / SQLITE).resolve()
    with contextlib.closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as connection:
        yield from connection.execute(statement)


def _held(task: str, email: str, until: str) -> HeldTask:
    return HeldTask(task=int(task), email=email, since=_moved(until, -LOCK_SECONDS), until=_moved(until, 0))


def _moved(time: str, seconds: float) -> str:
    """Return a time shifted by seconds, as ISO 8601 in UTC; a time without a zone is taken as UTC."""
    return format_utc(moment(time) + datetime.timedelta(seconds=seconds))
