"""`stance forget`: a person withdraws."""

from typing import Annotated

import typer

from toolkit.cli._options import Common, NamedSource, is_campaign, new_app, unchecked_campaign_at, verb
from toolkit.cli._output import emit, shown_progress
from toolkit.errors import UsageError
from toolkit.steps.forget import forget_campaign, forget_on_server, forget_table

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
        campaign = unchecked_campaign_at(source)
        if server:
            emit(forget_on_server(campaign, pseudonym, shown_progress(common)), common)
        else:
            emit(forget_campaign(campaign, pseudonym), common)
        return
    if server:
        raise UsageError("--server goes with a campaign")
    emit(forget_table(source, pseudonym, annotator), common)
