"""All steps in their order: those that are up to date are passed over, and people's work is waited for."""

from collections.abc import Callable, Sequence
from pathlib import Path

from msgspec import Struct

from toolkit.campaigns.progress import state_line
from toolkit.errors import UsageError
from toolkit.steps.aggregate import aggregate_inputs, aggregate_outputs, aggregate_step
from toolkit.steps.build import build_inputs, build_outputs, build_step, card_inputs, card_outputs, card_step
from toolkit.steps.common import Outcome, Progress, is_current, is_without_server
from toolkit.steps.plan import plan_inputs, plan_outputs, plan_step
from toolkit.steps.pull import pull_step
from toolkit.steps.push import push_inputs, push_outputs, push_step
from toolkit.steps.report import report_inputs, report_outputs, report_step
from toolkit.steps.segment import segment_inputs, segment_outputs, segment_step
from toolkit.steps.simulate import simulate_step
from toolkit.steps.status import campaign_state
from toolkit.steps.train import train_inputs, train_outputs, train_step
from toolkit.studio.server.connection import studio_file_of
from toolkit.workspace import CampaignConfig

Files = Callable[[CampaignConfig], Sequence[Path]]


class RunOptions(Struct, frozen=True, kw_only=True):
    """How far to go."""

    simulate: bool  # simulated annotators do people's work
    go_on: bool  # past people's work, with the votes that there are


class _Step(Struct, frozen=True, kw_only=True):
    name: str
    run: Callable[[CampaignConfig, Progress], Outcome]
    inputs: Files
    outputs: Files


_BEFORE = (
    _Step(name="segment", run=segment_step, inputs=segment_inputs, outputs=segment_outputs),
    _Step(name="plan", run=lambda c, _: plan_step(c), inputs=plan_inputs, outputs=plan_outputs),
)
_PUSH = _Step(name="push", run=push_step, inputs=push_inputs, outputs=push_outputs)
_AFTER = (
    _Step(name="aggregate", run=lambda c, _: aggregate_step(c), inputs=aggregate_inputs, outputs=aggregate_outputs),
    _Step(name="build", run=lambda c, _: build_step(c), inputs=build_inputs, outputs=build_outputs),
    _Step(name="train", run=lambda c, _: train_step(c), inputs=train_inputs, outputs=train_outputs),
    _Step(name="card", run=lambda c, _: card_step(c), inputs=card_inputs, outputs=card_outputs),
    _Step(name="report", run=lambda c, _: report_step(c), inputs=report_inputs, outputs=report_outputs),
)


def run_step(campaign: CampaignConfig, options: RunOptions, progress: Progress, said: Callable[[str], None]) -> Outcome:
    """Run what is not up to date, in order; stop, and say what comes next, where people have to work.

    Args:
        campaign: what is run.
        options: how far to go.
        progress: of the steps that take long.
        said: told the line of each step.
    """
    steps = {step.name: _bring_up_to_date(campaign, step, progress, said) for step in _BEFORE}
    if is_without_server(campaign):
        _refuse_simulation(campaign, options)
    else:
        steps["push"] = _bring_up_to_date(campaign, _PUSH, progress, said)
        _bring_votes(campaign, options, progress, said)
    state = campaign_state(campaign)
    if not state.votes or (state.open_items and not options.go_on):
        line = f"{state_line(state)}. {_next_for_people(campaign)}. Then: stance run {campaign.path}"
        return Outcome(line=line, facts={"schema": 1, "finished": False, "open_items": state.open_items})
    steps |= {step.name: _bring_up_to_date(campaign, step, progress, said) for step in _AFTER}
    ran = [name for name, is_run in steps.items() if is_run]
    line = f"done: {campaign.at('report.html')}"
    return Outcome(
        line=line, facts={"schema": 1, "finished": True, "ran": ran, "report": str(campaign.at("report.html"))}
    )


def _bring_votes(
    campaign: CampaignConfig, options: RunOptions, progress: Progress, said: Callable[[str], None]
) -> None:
    said(f"pull: {pull_step(campaign, progress).line}")
    if options.simulate and campaign_state(campaign).votes < campaign_state(campaign).asked:
        said(f"simulate: {simulate_step(campaign, progress).line}")
        said(f"pull: {pull_step(campaign, progress).line}")
    if campaign.file.studio.tiebreak:
        _break_ties(campaign, options, progress, said)


def _refuse_simulation(campaign: CampaignConfig, options: RunOptions) -> None:
    if options.simulate:
        raise UsageError(
            f"{campaign.path}: simulated annotators answer on a server, and this campaign's votes come from files; "
            "leave --simulate out, or bring it to a server by `stance push`"
        )


def _next_for_people(campaign: CampaignConfig) -> str:
    if is_without_server(campaign):
        return (
            "There is no server: people fill in their sheets (`stance push "
            f"{campaign.path} --to DIR` writes them), and `stance pull {campaign.path} --from DIR` brings them in"
        )
    urls = ", ".join(project.url for project in studio_file_of(campaign).projects)
    return f"Now people annotate at {urls} (`stance studio users --show-passwords` has the accounts of a local server)"


def _break_ties(campaign: CampaignConfig, options: RunOptions, progress: Progress, said: Callable[[str], None]) -> None:
    """Bring the items that have all their votes and no majority to somebody who has not seen them."""
    pushed = push_step(campaign, progress)
    said(f"push: {pushed.line}")
    if options.simulate and pushed.facts["created"]:
        said(f"simulate: {simulate_step(campaign, progress).line}")
        said(f"pull: {pull_step(campaign, progress).line}")


def _bring_up_to_date(campaign: CampaignConfig, step: _Step, progress: Progress, said: Callable[[str], None]) -> bool:
    if is_current(campaign, step.name, step.inputs(campaign), step.outputs(campaign)):
        said(f"{step.name}: up to date")
        return False
    said(f"{step.name}: {step.run(campaign, progress).line}")
    return True
