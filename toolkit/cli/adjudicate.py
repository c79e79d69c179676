"""`stance adjudicate`: one person decides what is unresolved."""

from pathlib import Path
from typing import Annotated

import typer

from toolkit.cli._options import CampaignPath, Common, campaign_at, new_app, verb
from toolkit.cli._output import emit, shown_progress
from toolkit.errors import UsageError
from toolkit.steps import adjudicate as adjudicating
from toolkit.steps import asking_adjudicators, decided, hearing_adjudicators

app = new_app()

To = Annotated[Path | None, typer.Option("--to", metavar="FILE", help="Write what waits: .xlsx, .csv, .tsv, .jsonl.")]

From = Annotated[Path | None, typer.Option("--from", metavar="FILE", help="Read the decisions that came back.")]

By = Annotated[str | None, typer.Option("--by", metavar="NAME", help="The adjudicator's pseudonym.")]

Questions = Annotated[list[str] | None, typer.Option("--question", help="Only these questions; repeat for several.")]

Below = Annotated[
    float | None, typer.Option("--below", min=0, max=1, help="Labels with a lower confidence too, not only open ones.")
]


@verb(app, "adjudicate", example="stance adjudicate schemas/demo.toml --to open.csv --by judge-1")
def _adjudicate(
    source: CampaignPath,
    to: To = None,
    back: From = None,
    push: Annotated[
        bool, typer.Option("--push", help="Ask on Label Studio, in a project of the adjudicator's.")
    ] = False,
    pull: Annotated[bool, typer.Option("--pull", help="Bring the decisions from there.")] = False,
    by: By = None,
    questions: Questions = None,
    below: Below = None,
    show_votes: Annotated[bool, typer.Option("--show-votes", help="Show the votes; default: blind.")] = False,
    *,
    common: Common,
) -> None:
    """Have one person decide the unresolved items, in a file or on Label Studio.

    Agreement never moves.
    """
    campaign = campaign_at(source)
    if sum((to is not None, back is not None, push, pull)) != 1:
        raise UsageError(
            "one of --to FILE, --from FILE, --push and --pull: what waits goes out, or decisions come back"
        )
    if back is not None:
        emit(adjudicating.adjudicate_from_step(campaign, back, by), common)
        return
    if pull:
        emit(hearing_adjudicators.adjudicate_pull_step(campaign, shown_progress(common)), common)
        return
    if by is None:
        raise UsageError("--by says who decides: a pseudonym")
    wanted = decided.Wanted(adjudicator=by, questions=tuple(questions or ()), below=below, show_votes=show_votes)
    if to is None:
        outcome = asking_adjudicators.adjudicate_push_step(campaign, wanted, shown_progress(common))
    else:
        adjudicating.check_kind(to)
        outcome = adjudicating.adjudicate_to_step(campaign, to, wanted)
    emit(outcome, common)
