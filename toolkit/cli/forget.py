"""`stance forget`: a person withdraws."""

from pathlib import Path
from typing import Annotated

import typer

from toolkit.cli._options import Common, NamedSource, campaign_at, is_campaign, new_app, verb
from toolkit.cli._output import emit, shown_progress
from toolkit.errors import UsageError
from toolkit.steps import erasing, forgetting_rows
from toolkit.steps import forget as forgetting
from toolkit.steps.common import Outcome

app = new_app()

Pseudonym = Annotated[str, typer.Argument(metavar="PSEUDONYM", help="Who withdraws.")]

Column = Annotated[
    str | None,
    typer.Option(
        "--annotator", metavar="COL", help="Of a table: the column that says who answered; default annotator."
    ),
]

OnServer = Annotated[bool, typer.Option("--server", help="Delete the answers on the campaign's Label Studio too.")]


@verb(app, "forget", example="stance forget schemas/demo.toml sim-ada")
def _forget(
    source: NamedSource,
    pseudonym: Pseudonym,
    annotator: Column = None,
    server: OnServer = False,
    *,
    common: Common,
) -> None:
    """Erase a person's answers, comments and key for good.

    Later pulls do not bring them back.
    """
    if is_campaign(source):
        if annotator is not None:
            raise UsageError("--annotator goes with a table")
        emit(_forget_in_campaign(source, pseudonym, server, common), common)
        return
    if server:
        raise UsageError("--server goes with a campaign")
    emit(forgetting_rows.forget_rows_step(source, pseudonym, annotator), common)


def _forget_in_campaign(source: Path, pseudonym: str, server: bool, common: Common) -> Outcome:
    campaign = campaign_at(source)
    if not server:
        return forgetting.forget_step(campaign, pseudonym)
    done = None
    # An earlier run may have got as far as the files and not to the server.
    if pseudonym in forgetting.people_of(campaign) or not erasing.is_forgotten(campaign, pseudonym):
        done = forgetting.forget_step(campaign, pseudonym)
    erased = erasing.erase_on_server_step(campaign, pseudonym, shown_progress(common))
    if done is None:
        return erased
    return Outcome(line=f"{done.line}\n{erased.line}", facts={**done.facts, **erased.facts})
