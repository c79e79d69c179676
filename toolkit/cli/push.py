"""`stance push`: items to Label Studio, or into spreadsheets."""

from pathlib import Path
from typing import Annotated

import typer

from toolkit.cli._options import Common, NamedCampaign, campaign_at, new_app, values_of, verb
from toolkit.cli._output import emit, shown_progress
from toolkit.errors import UsageError
from toolkit.exchange.vote_files import SheetFormat
from toolkit.steps import push as pushing

app = new_app()

To = Annotated[
    Path | None,
    typer.Option("--to", metavar="DIR", help="No server: one spreadsheet (.xlsx) a person, in DIR; or one FILE.xlsx."),
]

Format = Annotated[
    SheetFormat,
    typer.Option("--format", help="With --to: spreadsheets, or plain tables with a text that lists the codes."),
]

Annotators = Annotated[
    list[str] | None, typer.Option("--annotators", metavar="A,B", help="With --to: for whom; pseudonyms.")
]


@verb(app, "push", example="stance push schemas/demo.toml")
def _push(
    source: NamedCampaign,
    to: To = None,
    annotators: Annotators = None,
    kind: Format = "xlsx",
    withdraw: Annotated[
        list[str] | None,
        typer.Option("--withdraw", metavar="ITEM", help="Ask nobody about this item any more; may be repeated."),
    ] = None,
    restore: Annotated[
        list[str] | None,
        typer.Option("--restore", metavar="ITEM", help="Ask about a withdrawn item again; may be repeated."),
    ] = None,
    to_new_server: Annotated[
        bool,
        typer.Option("--to-new-server", help="Move the campaign from the server whose answers the ledger holds."),
    ] = False,
    reason: Annotated[str, typer.Option("--reason", help="Why items are withdrawn or restored.")] = "",
    *,
    common: Common,
) -> None:
    """Bring the items to Label Studio, each once, or into spreadsheets with --to.

    However often it is run, each item is there once.
    """
    if annotators and to is None:
        raise UsageError("--annotators goes with --to")
    campaign = campaign_at(source)
    if withdraw:
        pushing.withdraw_items(campaign, withdraw, reason)
    if restore:
        pushing.restore_items(campaign, restore, reason)
    if to is not None:
        emit(pushing.push_sheets(campaign, to, values_of(annotators), kind, shown_progress(common)), common)
        return
    emit(pushing.push_campaign(campaign, shown_progress(common), to_new_server=to_new_server), common)
