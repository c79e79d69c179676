"""PostgreSQL for a local Label Studio: a private cluster of the installed programs, or a database of the user's own.

A private cluster listens on the loopback address alone, with a password, and runs as an unprivileged user:
PostgreSQL refuses to run as root, so under root the cluster is in the home of the user ``postgres``.
"""

import os
import pwd
import secrets
import shutil
import socket
import subprocess
import urllib.parse
from collections.abc import Callable, Iterable
from pathlib import Path

import msgspec
from msgspec import Struct

from toolkit.errors import DataError, StudioError
from toolkit.files import digest, read_json, write_json, written_whole

PORTS = range(20_000, 32_000)  # below the ephemeral ports of outgoing connections


def free_port(first: Iterable[int] = ()) -> int:
    """Return a free port: one of the preferred ports if free, or else any.

    Raises:
        StudioError: none of the tried ports is free.
    """
    tried = [*first, *secrets.SystemRandom().sample(PORTS, 20)]
    for port in tried:
        if is_free(port):
            return port
    raise StudioError(f"no free port among {len(tried)} from {PORTS.start} to {PORTS.stop}; name one")


def is_free(port: int) -> bool:
    """Return whether a port is free."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    # Label Studio checks localhost, where another address may also be in use.
    with socket.socket() as caller:
        caller.settimeout(1)
        return caller.connect_ex(("localhost", port)) != 0


# --- the database -----------------------------------------------------------------------------------------------------


_NAME = "labelstudio"
_REMEDY = "`apt-get install postgresql` adds it, or `--database postgresql://USER:PASSWORD@HOST/NAME` names another"


class Database(Struct, frozen=True, kw_only=True):
    """A PostgreSQL database with its credentials."""

    host: str
    port: int = 5432
    name: str
    user: str
    password: str
    cluster: str | None = None  # the directory of our private cluster; None: an external database


# --- choice --------------------------------------------------------------------------------------------------------


def database_of(directory: Path) -> Database | None:
    """Return the PostgreSQL database of a server; None if it uses SQLite."""
    path = directory / "database.json"
    if not path.exists():
        return None
    try:
        return msgspec.convert(read_json(path), Database)
    except msgspec.ValidationError as error:
        raise DataError(f"{path}: {error}; restore the file: without it the server cannot find its data") from error


def parse_database(url: str) -> Database:
    """Parse the address of a database.

    >>> parse_database("postgresql://ls:secret@db.example/studio").port
    5432

    Raises:
        StudioError: the text is not a database address; the message does not show the password.
    """
    parts = urllib.parse.urlsplit(url)
    name = parts.path.strip("/")
    if parts.scheme not in ("postgresql", "postgres") or not parts.hostname or not parts.username or not name:
        raise StudioError("that is no address of a database; it looks like postgresql://USER:PASSWORD@HOST:5432/NAME")
    user, password = (urllib.parse.unquote(part or "") for part in (parts.username, parts.password))
    return Database(host=parts.hostname, port=parts.port or 5432, name=name, user=user, password=password)


def use_database(directory: Path, database: Database) -> None:
    """Set the database of a server that has no data yet.

    Raises:
        StudioError: the server already has data in another database.
    """
    before = database_of(directory)
    if before == database:
        return
    if before or (directory / "data").exists():
        where = "another PostgreSQL database" if before else "SQLite"
        raise StudioError(f"{directory}: the server keeps its data in {where} already; take another workspace")
    directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    write_json(directory / "database.json", database, mode=0o600)


def use_cluster(directory: Path) -> None:
    """Set a private cluster as the database of a server that has no data yet.

    Raises:
        StudioError: the server already has data in another database.
    """
    before = database_of(directory)
    if before is None or before.cluster is None:
        place = _place(directory)
        password = secrets.token_urlsafe(18)
        new = Database(
            host="127.0.0.1", port=free_port(), name=_NAME, user=_NAME, password=password, cluster=str(place)
        )
        use_database(directory, new)


# --- the cluster ---------------------------------------------------------------------------------------------------


def ensure_ready(database: Database, progress: Callable[[str], None]) -> None:
    """Create and start a private cluster if needed; for an external database, only check the connection.

    Raises:
        StudioError: PostgreSQL is not installed or does not respond.
    """
    if database.cluster is None:
        _ask(database, "select 1")
        return
    cluster = Path(database.cluster)
    if not (cluster / "data").exists():
        progress(f"making a PostgreSQL cluster in {cluster}")
        _make(database, cluster)
    if not _is_running(cluster):
        log = cluster / "postgres.log"
        done = _run(["pg_ctl", "-D", str(cluster / "data"), "-l", str(log), "-w", "start"])
        if done.returncode:
            raise StudioError(f"{cluster}: PostgreSQL does not start; {log} has the reason")
    if database.name not in _ask(_maintenance(database), "select datname from pg_database").split():
        _ask(_maintenance(database), f'create database "{database.name}"')


def halt(database: Database) -> None:
    """Stop a private cluster if it runs; an external database is left unchanged."""
    if database.cluster is not None and _is_running(cluster := Path(database.cluster)):
        _run(["pg_ctl", "-D", str(cluster / "data"), "-w", "-m", "fast", "stop"])


def is_migrated(database: Database) -> bool:
    """Return whether Label Studio has migrated the database."""
    return "htx_user" in _ask(database, "select to_regclass('htx_user')")


def execute(database: Database, statement: str) -> None:
    """Run a statement that returns no rows.

    Raises:
        StudioError: the database rejects the statement.
    """
    _ask(database, statement)


def rows_of(database: Database, query: str) -> list[tuple[str, ...]]:
    """Return the rows of a query as strings; no value may contain a bar or a line break.

    Raises:
        StudioError: the database rejects the statement.
    """
    return [tuple(line.split("|")) for line in _ask(database, query).splitlines() if line]


def dump(database: Database, path: Path) -> None:
    """Dump a database to a file for `restore`."""
    done = _client(database, ["pg_dump", "--no-owner", "--no-privileges"], "")
    with written_whole(path, 0o600) as beside:
        beside.write_text(done, encoding="utf-8")


def restore(database: Database, path: Path) -> None:
    """Fill an empty database from a dump, all or nothing."""
    command = ["psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "--single-transaction", "-o", os.devnull]
    _client(database, command, path.read_text(encoding="utf-8"))


def _place(directory: Path) -> Path:
    if os.geteuid() == 0:
        return Path(_owner().pw_dir) / f"stance-{digest(str(directory.resolve()), 12)}"
    return directory.resolve() / "postgres"


def _owner() -> pwd.struct_passwd:
    try:
        return pwd.getpwnam("postgres") if os.geteuid() == 0 else pwd.getpwuid(os.geteuid())
    except KeyError as error:
        raise StudioError(f"PostgreSQL is not installed here: there is no user `postgres`; {_REMEDY}") from error


def _make(database: Database, cluster: Path) -> None:
    owner = _owner()
    cluster.mkdir(parents=True, exist_ok=True, mode=0o700)
    os.chown(cluster, owner.pw_uid, owner.pw_gid)
    making, password = cluster / "making", cluster / "password"
    shutil.rmtree(making, ignore_errors=True)  # left by an interrupted start
    password.touch(mode=0o600)
    os.chown(password, owner.pw_uid, owner.pw_gid)
    try:
        password.write_text(database.password + "\n")
        options = ["-U", database.user, "--auth=scram-sha-256", f"--pwfile={password}", "-E", "UTF8", "--no-locale"]
        done = _run(["initdb", "-D", str(making), *options])
    finally:
        password.unlink()
    if done.returncode:
        raise StudioError(f"{cluster}: no cluster can be made: {done.stderr[-500:]}")
    with (making / "postgresql.conf").open("a") as settings:
        settings.write(f"\nport = {database.port}\nlisten_addresses = '127.0.0.1'\nunix_socket_directories = ''\n")
    making.replace(cluster / "data")


def _is_running(cluster: Path) -> bool:
    return _run(["pg_ctl", "-D", str(cluster / "data"), "status"]).returncode == 0


def _run(command: list[str]) -> subprocess.CompletedProcess[str]:
    """Run a program of PostgreSQL as the unprivileged owner of the cluster."""
    owner = _owner()
    return subprocess.run(
        [_program(command[0]), *command[1:]],
        user=owner.pw_uid if os.geteuid() == 0 else None,
        group=owner.pw_gid if os.geteuid() == 0 else None,
        extra_groups=[] if os.geteuid() == 0 else None,
        cwd="/",
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        start_new_session=True,  # its child processes outlive us and receive none of our signals
    )


def _program(name: str) -> str:
    path = shutil.which(name)
    if path is None:  # Debian installs them outside the path, by version
        candidates = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), key=lambda path: float(path.parts[4]))
        path = str(candidates[-1]) if candidates else None
    if path is None:
        raise StudioError(f"PostgreSQL is not installed here: no program {name!r}; {_REMEDY}")
    return path


# --- a client ------------------------------------------------------------------------------------------------------


def _maintenance(database: Database) -> Database:
    return msgspec.structs.replace(database, name="postgres")


def _ask(database: Database, query: str) -> str:
    return _client(database, ["psql", "-X", "-A", "-t", "-q", "-v", "ON_ERROR_STOP=1"], query)


def _client(database: Database, command: list[str], stdin: str) -> str:
    where = ["-h", database.host, "-p", str(database.port), "-U", database.user, "-w", "-d", database.name]
    done = subprocess.run(
        [_program(command[0]), *command[1:], *where],
        env={"PATH": os.environ.get("PATH", ""), "PGPASSWORD": database.password, "PGCONNECT_TIMEOUT": "10"},
        input=stdin,
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    if done.returncode:
        place = f"postgresql://{database.host}:{database.port}/{database.name}"
        raise StudioError(f"{place}: {' '.join(done.stderr.split())[-300:]} Check the address and that it runs")
    return done.stdout
