"""Verbs for a local Label Studio."""

from pathlib import Path
from typing import Annotated

import typer

from toolkit.cli.common import AsJson, Quiet, emit, example, shown_progress
from toolkit.steps import servers

app = typer.Typer(
    name="studio", help="A local Label Studio for those who have none.", no_args_is_help=True, rich_markup_mode=None
)

Workspace = Annotated[Path, typer.Argument(metavar="[WORKSPACE]", help="Its server lies in WORKSPACE/.studio.")]


@app.command("start", epilog=example("stance studio start --annotators 3"))
def _start(
    workspace: Workspace = Path(),
    port: Annotated[int | None, typer.Option("--port", help="None for any free one.")] = None,
    annotators: Annotated[int, typer.Option("--annotators", min=0, help="How many accounts to have.")] = 3,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Start a server on loopback and make the accounts of the administrator and the annotators."""
    emit(servers.start_step(workspace, port, annotators, shown_progress(quiet)), as_json, quiet)


@app.command("stop", epilog=example("stance studio stop"))
def _stop(workspace: Workspace = Path(), as_json: AsJson = False, quiet: Quiet = False) -> None:
    """Stop the server; its data stay."""
    emit(servers.stop_step(workspace), as_json, quiet)


@app.command("status", epilog=example("stance studio status"))
def _status(workspace: Workspace = Path(), as_json: AsJson = False, quiet: Quiet = False) -> None:
    """Say whether the server runs and where."""
    emit(servers.status_step(workspace), as_json, quiet)


@app.command("users", epilog=example("stance studio users --show-passwords"))
def _users(
    workspace: Workspace = Path(),
    show_passwords: Annotated[
        bool, typer.Option("--show-passwords", help="Print the passwords too, to hand them out.")
    ] = False,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """List the accounts that were made."""
    emit(servers.users_step(workspace, show_passwords), as_json, quiet)
