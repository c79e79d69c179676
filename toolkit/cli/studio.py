"""`stance studio`: a local Label Studio."""

from pathlib import Path
from typing import Annotated

import typer

from toolkit.cli._options import Common, new_app, verb, with_common
from toolkit.cli._output import emit, shown_progress
from toolkit.steps import studio as servers

app = new_app(name="studio", help="A local Label Studio for those who have none.", no_args_is_help=True)

users = new_app(help="The accounts on the server.", invoke_without_command=True)
app.add_typer(users, name="users")

Root = Annotated[Path, typer.Option("--workspace", metavar="DIR", help="Its server lies in DIR/.studio.")]

Workspace = Annotated[Path, typer.Argument(metavar="[WORKSPACE]", help="Its server lies in WORKSPACE/.studio.")]


@verb(app, "start", example="stance studio start --annotators 3")
def _start(
    workspace: Workspace = Path(),
    port: Annotated[int | None, typer.Option("--port", help="None for any free one.")] = None,
    annotators: Annotated[int, typer.Option("--annotators", min=0, help="How many accounts to have.")] = 3,
    postgres: Annotated[
        bool, typer.Option("--postgres", help="Keep the data in a private PostgreSQL, made where it is not.")
    ] = False,
    database: Annotated[
        str | None,
        typer.Option(
            "--database",
            envvar="STANCE_DATABASE",
            show_envvar=False,
            metavar="URL",
            help="Keep the data in this PostgreSQL database; STANCE_DATABASE keeps its password off the command line.",
        ),
    ] = None,
    *,
    common: Common,
) -> None:
    """Start a server on loopback and make the accounts of the administrator and the annotators."""
    request = servers.StartRequest(port=port, annotators=annotators, database=database, postgres=postgres)
    emit(servers.start_studio(workspace, request, shown_progress(common)), common)


@verb(app, "stop", example="stance studio stop")
def _stop(workspace: Workspace = Path(), *, common: Common) -> None:
    """Stop the server; its data stay."""
    emit(servers.stop_studio(workspace), common)


@verb(app, "status", example="stance studio status")
def _status(workspace: Workspace = Path(), *, common: Common) -> None:
    """Say whether the server runs and where."""
    emit(servers.studio_status(workspace), common)


@users.callback(epilog="Example: stance studio users --show-passwords")
@with_common
def _users(
    context: typer.Context,
    workspace: Root = Path(),
    show_passwords: Annotated[
        bool, typer.Option("--show-passwords", help="Print the passwords too, to hand them out.")
    ] = False,
    *,
    common: Common,
) -> None:
    """List the accounts that were made, or make, invite and lock out."""
    if context.invoked_subcommand is None:
        emit(servers.list_users(workspace, show_passwords=show_passwords), common)


@verb(users, "add", example="stance studio users add people.csv")
def _add(
    table: Annotated[
        Path, typer.Argument(metavar="FILE", help="A table with columns pseudonym and, if wanted, languages and email.")
    ],
    workspace: Root = Path(),
    *,
    common: Common,
) -> None:
    """Make the accounts of the people in a table; those that are there stay as they are."""
    emit(servers.add_users(workspace, table, shown_progress(common)), common)


@verb(users, "invite", example="stance studio users invite")
def _invite(workspace: Root = Path(), *, common: Common) -> None:
    """Print the link by which people can make accounts of their own."""
    emit(servers.invite_users(workspace), common)


@verb(users, "lock", example="stance studio users lock annotator-3")
def _lock(
    name: Annotated[str, typer.Argument(metavar="PSEUDONYM", help="Or the e-mail address of the account.")],
    workspace: Root = Path(),
    *,
    common: Common,
) -> None:
    """Lock somebody out for good; what they have answered stays theirs."""
    emit(servers.lock_user(workspace, name), common)
