"""The verb for a person who withdraws."""

from pathlib import Path
from typing import Annotated

import typer

from toolkit.cli.common import AsJson, Quiet, Source, campaign_at, emit, example, is_campaign, shown_progress
from toolkit.errors import UsageError
from toolkit.steps import erasing, forgetting_rows
from toolkit.steps import forget as forgetting
from toolkit.steps.common import Outcome

Pseudonym = Annotated[str, typer.Argument(metavar="PSEUDONYM", help="Who withdraws.")]
Column = Annotated[
    str | None,
    typer.Option(
        "--annotator", metavar="COL", help="Of a table: the column that says who answered; default annotator."
    ),
]
OnServer = Annotated[bool, typer.Option("--server", help="Delete the answers on the campaign's Label Studio too.")]


def register(app: typer.Typer) -> None:
    """Add the verb to the command."""
    app.command("forget", epilog=example("stance forget schemas/demo.toml sim-ada"))(_forget)


def _forget(
    source: Source,
    pseudonym: Pseudonym,
    annotator: Column = None,
    server: OnServer = False,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Erase a person's answers, comments and key for good, and keep later pulls from bringing them back."""
    if is_campaign(source):
        if annotator is not None:
            raise UsageError("--annotator goes with a table")
        emit(_forget_in_campaign(source, pseudonym, server, quiet), as_json, quiet)
        return
    if server:
        raise UsageError("--server goes with a campaign")
    emit(forgetting_rows.forget_rows_step(source, pseudonym, annotator), as_json, quiet)


def _forget_in_campaign(source: Path, pseudonym: str, server: bool, quiet: bool) -> Outcome:
    campaign = campaign_at(source)
    if not server:
        return forgetting.forget_step(campaign, pseudonym)
    done = None
    # An earlier run may have got as far as the files and not to the server.
    if pseudonym in forgetting.people_of(campaign) or not erasing.is_forgotten(campaign, pseudonym):
        done = forgetting.forget_step(campaign, pseudonym)
    erased = erasing.erase_on_server_step(campaign, pseudonym, shown_progress(quiet))
    if done is None:
        return erased
    return Outcome(line=f"{done.line}\n{erased.line}", facts={**done.facts, **erased.facts})
