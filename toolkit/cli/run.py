"""`stance run`: the steps that are not up to date."""

from typing import Annotated

import typer

from toolkit.cli._options import CampaignPath, Common, campaign_at, new_app, verb
from toolkit.cli._output import emit, shown_progress
from toolkit.steps import run as running

app = new_app()


@verb(app, "run", example="stance run schemas/demo.toml")
def _run(
    source: CampaignPath,
    simulate: Annotated[bool, typer.Option("--simulate", help="Have simulated annotators do people's work.")] = False,
    partial: Annotated[
        bool, typer.Option("--partial", help="Continue to gold, dataset and baselines with the votes so far.")
    ] = False,
    *,
    common: Common,
) -> None:
    """Run the steps that are not up to date, in order; stop where people have to work."""
    said = _nothing if common.as_json or common.quiet else print
    outcome = running.run_step(
        campaign_at(source), running.RunOptions(simulate=simulate, go_on=partial), shown_progress(common), said
    )
    emit(outcome, common)


def _nothing(line: str) -> None:
    """Where the lines of the steps go when nobody wants them."""
