"""Verbs for a campaign on Label Studio."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from toolkit.cli import outside
from toolkit.cli.common import AsJson, CampaignPath, Output, Quiet, campaign_at, emit, example, shown_progress
from toolkit.errors import UsageError
from toolkit.steps import following, withdrawing
from toolkit.steps import pull as pulling
from toolkit.steps import push as pushing
from toolkit.steps import run as running
from toolkit.steps import simulate as simulating
from toolkit.steps import status as progressing


def register(app: typer.Typer) -> None:
    """Add the verbs to the command."""
    app.command("push", epilog=example("stance push schemas/demo.toml"))(_push)
    app.command("pull", epilog=example("stance pull schemas/demo.toml"))(_pull)
    app.command("status", epilog=example("stance status schemas/demo.toml"))(_status)
    app.command("simulate", epilog=example("stance simulate schemas/demo.toml"))(_simulate)
    app.command("run", epilog=example("stance run schemas/demo.toml"))(_run)


def _push(
    source: CampaignPath,
    to: outside.To = None,
    annotators: outside.Annotators = None,
    kind: outside.Format = "xlsx",
    withdraw: Annotated[
        list[str] | None,
        typer.Option("--withdraw", metavar="ITEM", help="Ask nobody about this item any more; may be repeated."),
    ] = None,
    restore: Annotated[
        list[str] | None,
        typer.Option("--restore", metavar="ITEM", help="Ask about a withdrawn item again; may be repeated."),
    ] = None,
    reason: Annotated[str, typer.Option("--reason", help="Why items are withdrawn or restored.")] = "",
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Bring the items to Label Studio, each once, however often this is run; or into spreadsheets, with --to."""
    if annotators and to is None:
        raise UsageError("--annotators goes with --to")
    campaign = campaign_at(source)
    if withdraw:
        withdrawing.withdraw(campaign, withdraw, reason)
    if restore:
        withdrawing.restore(campaign, restore, reason)
    if to is not None:
        emit(outside.push_sheets(campaign, to, annotators, kind, quiet), as_json, quiet)
        return
    emit(pushing.push_step(campaign, shown_progress(quiet)), as_json, quiet)


def _pull(
    sources: outside.Sources = None,
    files: outside.Files = None,
    output: Output = None,
    question: outside.Question = None,
    text: outside.Text = None,
    item: outside.Item = None,
    annotator: outside.Annotator = None,
    label: outside.LabelColumn = None,
    wide: outside.Wide = None,
    kind: outside.KindOfVotes = None,
    full: Annotated[bool, typer.Option("--full", help="Read everything again, not only what was changed.")] = False,
    follow: Annotated[
        bool, typer.Option("--follow", help="Go on until Ctrl-C; then read everything once more.")
    ] = False,
    every: Annotated[float, typer.Option("--every", min=1, metavar="SECONDS", help="How often --follow looks.")] = 30,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Append what annotators have done to the ledger; where the counts of the server differ, read everything again.

    With --from from files; with the address of any project, or --from alone, into a table of votes (-o).
    """
    options = outside.PullOptions(
        files, output, question=question, text=text, item=item, annotator=annotator, label=label, wide=wide, kind=kind
    )
    outcome = outside.pull_outside(sources, options, quiet)
    if outcome is None:
        campaign, progress = campaign_at(Path((sources or [""])[0])), shown_progress(quiet)
        if follow:
            outcome = following.follow_step(campaign, every, progress, _nothing if quiet else _say)
        else:
            outcome = (pulling.full_pull_step if full else pulling.pull_step)(campaign, progress)
    emit(outcome, as_json, quiet)


def _status(source: CampaignPath, as_json: AsJson = False, quiet: Quiet = False) -> None:
    """Say how far the annotation is, by the ledger as it was last pulled."""
    emit(progressing.status_step(campaign_at(source)), as_json, quiet)


def _simulate(source: CampaignPath, as_json: AsJson = False, quiet: Quiet = False) -> None:
    """Let simulated annotators answer, for a dry run; everything made from it will say so."""
    emit(simulating.simulate_step(campaign_at(source), shown_progress(quiet)), as_json, quiet)


def _run(
    source: CampaignPath,
    simulate: Annotated[bool, typer.Option("--simulate", help="Have simulated annotators do people's work.")] = False,
    go_on: Annotated[
        bool, typer.Option("--go-on", help="Go on to gold, dataset and baseline with the votes that there are.")
    ] = False,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Run the steps that are not up to date, in order; stop where people have to work."""
    said = _nothing if as_json or quiet else print
    outcome = running.run_step(
        campaign_at(source), running.RunOptions(simulate=simulate, go_on=go_on), shown_progress(quiet), said
    )
    emit(outcome, as_json, quiet)


def _say(line: str) -> None:
    """Say on stderr, at once, what happens while a command goes on."""
    print(line, file=sys.stderr, flush=True)


def _nothing(line: str) -> None:
    """Where the lines of the steps go when nobody wants them."""
