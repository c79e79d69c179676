"""The verb for a person who withdraws."""

from typing import Annotated

import typer

from toolkit.cli.common import AsJson, CampaignPath, Quiet, campaign_at, emit, example
from toolkit.steps import forgetting

Pseudonym = Annotated[str, typer.Argument(metavar="PSEUDONYM", help="Who withdraws.")]


def register(app: typer.Typer) -> None:
    """Add the verb to the command."""
    app.command("forget", epilog=example("stance forget schemas/demo.toml sim-ada"))(_forget)


def _forget(source: CampaignPath, pseudonym: Pseudonym, as_json: AsJson = False, quiet: Quiet = False) -> None:
    """Erase a person's answers, comments and key for good; a count is left, and no name."""
    emit(forgetting.forget_step(campaign_at(source), pseudonym), as_json, quiet)
