"""Verbs for what annotators could not settle."""

from pathlib import Path
from typing import Annotated

import typer

from toolkit.cli.common import AsJson, CampaignPath, Output, Quiet, campaign_at, emit, example
from toolkit.errors import UsageError
from toolkit.steps import adjudicating, disagreeing

To = Annotated[Path | None, typer.Option("--to", metavar="FILE", help="Write what waits: .xlsx, .csv, .tsv, .jsonl.")]
From = Annotated[Path | None, typer.Option("--from", metavar="FILE", help="Read the decisions that came back.")]
By = Annotated[str | None, typer.Option("--by", metavar="NAME", help="The adjudicator's pseudonym.")]
Questions = Annotated[list[str] | None, typer.Option("--question", help="Only these questions; repeat for several.")]
Below = Annotated[
    float | None, typer.Option("--below", min=0, max=1, help="Labels with a lower confidence too, not only open ones.")
]


def register(app: typer.Typer) -> None:
    """Add the verbs to the command."""
    app.command("adjudicate", epilog=example("stance adjudicate schemas/demo.toml --to open.csv --by judge-1"))(
        _adjudicate
    )
    app.command("disagreements", epilog=example("stance disagreements schemas/demo.toml -o meeting.xlsx"))(
        _disagreements
    )


def _adjudicate(
    source: CampaignPath,
    to: To = None,
    back: From = None,
    by: By = None,
    questions: Questions = None,
    below: Below = None,
    show_votes: Annotated[bool, typer.Option("--show-votes", help="Show the votes; default: blind.")] = False,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Have one person decide what is unresolved, in a file; votes stay as they are, and agreement never moves."""
    campaign = campaign_at(source)
    if (to is None) == (back is None):
        raise UsageError("either --to FILE, to write what waits, or --from FILE, to bring decisions in")
    if back is not None:
        emit(adjudicating.adjudicate_from_step(campaign, back, by), as_json, quiet)
        return
    if to is None or by is None:
        raise UsageError("--by says who decides: a pseudonym")
    adjudicating.check_kind(to)
    wanted = adjudicating.Wanted(adjudicator=by, questions=tuple(questions or ()), below=below, show_votes=show_votes)
    emit(adjudicating.adjudicate_to_step(campaign, to, wanted), as_json, quiet)


def _disagreements(source: CampaignPath, output: Output = None, as_json: AsJson = False, quiet: Quiet = False) -> None:
    """A sheet for the meeting: where annotators differ, the most divided first, with who said what."""
    if output is None:
        raise UsageError("-o FILE is needed: .xlsx, .csv, .tsv, .jsonl or .parquet")
    emit(disagreeing.disagreements_step(campaign_at(source), output), as_json, quiet)
