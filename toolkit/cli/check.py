"""`stance check`: all that is wrong with a campaign, at once."""

from typing import Annotated

import typer

from toolkit.cli._options import CampaignPath, Common, campaign_at, new_app, verb
from toolkit.cli._output import emit
from toolkit.steps.check import accept_files, check_campaign

app = new_app()


@verb(app, "check", example="stance check schemas/demo.toml")
def _check(
    source: CampaignPath,
    accept: Annotated[
        list[str] | None,
        typer.Option("--accept", metavar="FILE", help="Record a file that was changed on purpose; may be repeated."),
    ] = None,
    *,
    common: Common,
) -> None:
    """List all that is wrong with a campaign, its codebook, targets and outlets.

    Every verb that writes checks the same before it writes anything. The exit code is 1 where an error was found.
    """
    if accept:
        emit(accept_files(campaign_at(source), accept), common)
        return
    result = check_campaign(source)
    emit(result, common)
    if result.has_errors:
        raise typer.Exit(1)
