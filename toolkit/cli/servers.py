"""Verbs for a local Label Studio."""

from pathlib import Path
from typing import Annotated

import typer

from toolkit.cli.common import AsJson, Quiet, emit, example, shown_progress
from toolkit.steps import studio as servers

app = typer.Typer(
    name="studio", help="A local Label Studio for those who have none.", no_args_is_help=True, rich_markup_mode=None
)

users = typer.Typer(help="The accounts on the server.", invoke_without_command=True, rich_markup_mode=None)
app.add_typer(users, name="users")

Root = Annotated[Path, typer.Option("--workspace", metavar="DIR", help="Its server lies in DIR/.studio.")]
Workspace = Annotated[Path, typer.Argument(metavar="[WORKSPACE]", help="Its server lies in WORKSPACE/.studio.")]


@app.command("start", epilog=example("stance studio start --annotators 3"))
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
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Start a server on loopback and make the accounts of the administrator and the annotators."""
    wanted = servers.StartRequest(port=port, annotators=annotators, database=database, postgres=postgres)
    emit(servers.start_step(workspace, wanted, shown_progress(quiet)), as_json, quiet)


@app.command("stop", epilog=example("stance studio stop"))
def _stop(workspace: Workspace = Path(), as_json: AsJson = False, quiet: Quiet = False) -> None:
    """Stop the server; its data stay."""
    emit(servers.stop_step(workspace), as_json, quiet)


@app.command("status", epilog=example("stance studio status"))
def _status(workspace: Workspace = Path(), as_json: AsJson = False, quiet: Quiet = False) -> None:
    """Say whether the server runs and where."""
    emit(servers.status_step(workspace), as_json, quiet)


@users.callback(epilog=example("stance studio users --show-passwords"))
def _users(
    context: typer.Context,
    workspace: Root = Path(),
    show_passwords: Annotated[
        bool, typer.Option("--show-passwords", help="Print the passwords too, to hand them out.")
    ] = False,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """List the accounts that were made, or make, invite and lock out."""
    if context.invoked_subcommand is None:
        emit(servers.users_step(workspace, show_passwords), as_json, quiet)


@users.command("add", epilog=example("stance studio users add people.csv"))
def _add(
    table: Annotated[
        Path, typer.Argument(metavar="FILE", help="A table with columns pseudonym and, if wanted, languages and email.")
    ],
    workspace: Root = Path(),
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Make the accounts of the people in a table; those that are there stay as they are."""
    emit(servers.add_users_step(workspace, table, shown_progress(quiet)), as_json, quiet)


@users.command("invite", epilog=example("stance studio users invite"))
def _invite(workspace: Root = Path(), as_json: AsJson = False, quiet: Quiet = False) -> None:
    """Print the link by which people can make accounts of their own."""
    emit(servers.invite_step(workspace), as_json, quiet)


@users.command("lock", epilog=example("stance studio users lock annotator-3"))
def _lock(
    name: Annotated[str, typer.Argument(metavar="PSEUDONYM", help="Or the e-mail address of the account.")],
    workspace: Root = Path(),
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Lock somebody out for good; what they have answered stays theirs."""
    emit(servers.lock_step(workspace, name), as_json, quiet)
