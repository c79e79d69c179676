"""`stance run`: the steps that are not up to date."""

from typing import Annotated

import typer

from toolkit.cli._options import CampaignPath, Common, campaign_at, new_app, verb
from toolkit.cli._output import emit, shown_progress
from toolkit.steps.run import RunOptions, run_campaign

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
    report = _ignore if common.as_json or common.quiet else print
    options = RunOptions(simulate=simulate, partial=partial)
    emit(run_campaign(campaign_at(source), options, shown_progress(common), report), common)


def _ignore(line: str) -> None:
    """Prints nothing."""
