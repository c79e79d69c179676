"""All steps in their order: those that are up to date are passed over, and people's work is waited for."""

from collections.abc import Callable, Sequence
from pathlib import Path

from msgspec import Struct

from toolkit.campaigns.progress import state_line
from toolkit.steps.aggregating import aggregate_inputs, aggregate_outputs, aggregate_step
from toolkit.steps.baseline import train_inputs, train_outputs, train_step
from toolkit.steps.common import Outcome, Progress, is_current
from toolkit.steps.dataset import build_inputs, build_outputs, build_step, card_inputs, card_outputs, card_step
from toolkit.steps.paragraphs import segment_inputs, segment_outputs, segment_step
from toolkit.steps.planning import plan_inputs, plan_outputs, plan_step
from toolkit.steps.progressing import campaign_state
from toolkit.steps.pulling import pull_step
from toolkit.steps.pushing import push_inputs, push_outputs, push_step
from toolkit.steps.report import report_inputs, report_outputs, report_step
from toolkit.steps.simulating import simulate_step
from toolkit.steps.studio import studio_file_of
from toolkit.workspace import Campaign

Files = Callable[[Campaign], Sequence[Path]]


class RunOptions(Struct, frozen=True, kw_only=True):
    """How far to go."""

    simulate: bool  # simulated annotators do people's work
    go_on: bool  # past people's work, with the votes that there are


class _Step(Struct, frozen=True, kw_only=True):
    name: str
    run: Callable[[Campaign, Progress], Outcome]
    inputs: Files
    outputs: Files


_BEFORE = (
    _Step(name="segment", run=segment_step, inputs=segment_inputs, outputs=segment_outputs),
    _Step(name="plan", run=lambda c, _: plan_step(c), inputs=plan_inputs, outputs=plan_outputs),
    _Step(name="push", run=push_step, inputs=push_inputs, outputs=push_outputs),
)
_AFTER = (
    _Step(name="aggregate", run=lambda c, _: aggregate_step(c), inputs=aggregate_inputs, outputs=aggregate_outputs),
    _Step(name="build", run=lambda c, _: build_step(c), inputs=build_inputs, outputs=build_outputs),
    _Step(name="train", run=lambda c, _: train_step(c), inputs=train_inputs, outputs=train_outputs),
    _Step(name="card", run=lambda c, _: card_step(c), inputs=card_inputs, outputs=card_outputs),
    _Step(name="report", run=lambda c, _: report_step(c), inputs=report_inputs, outputs=report_outputs),
)


def run_step(campaign: Campaign, options: RunOptions, progress: Progress, said: Callable[[str], None]) -> Outcome:
    """Run what is not up to date, in order; stop, and say what comes next, where people have to work.

    Args:
        campaign: what is run.
        options: how far to go.
        progress: of the steps that take long.
        said: told the line of each step.
    """
    done = [_bring_up_to_date(campaign, step, progress, said) for step in _BEFORE]
    said(f"pull: {pull_step(campaign, progress).line}")
    if options.simulate and campaign_state(campaign).votes < campaign_state(campaign).asked:
        said(f"simulate: {simulate_step(campaign, progress).line}")
        said(f"pull: {pull_step(campaign, progress).line}")
    if campaign.file.studio.tiebreak:
        _break_ties(campaign, options, progress, said)
    state = campaign_state(campaign)
    if not state.votes or (state.open_items and not options.go_on):
        urls = ", ".join(project.url for project in studio_file_of(campaign).projects)
        line = (
            f"{state_line(state)}. Now people annotate at {urls} (`stance studio users --show-passwords` has the "
            f"accounts of a local server). Then: stance run {campaign.path}"
        )
        return Outcome(line=line, facts={"schema": 1, "finished": False, "open_items": state.open_items})
    done += [_bring_up_to_date(campaign, step, progress, said) for step in _AFTER]
    ran = [step.name for step, ran in zip((*_BEFORE, *_AFTER), done, strict=True) if ran]
    line = f"done: {campaign.at('report.html')}"
    return Outcome(
        line=line, facts={"schema": 1, "finished": True, "ran": ran, "report": str(campaign.at("report.html"))}
    )


def _break_ties(campaign: Campaign, options: RunOptions, progress: Progress, said: Callable[[str], None]) -> None:
    """Bring the items that have all their votes and no majority to somebody who has not seen them."""
    pushed = push_step(campaign, progress)
    said(f"push: {pushed.line}")
    if options.simulate and pushed.facts["created"]:
        said(f"simulate: {simulate_step(campaign, progress).line}")
        said(f"pull: {pull_step(campaign, progress).line}")


def _bring_up_to_date(campaign: Campaign, step: _Step, progress: Progress, said: Callable[[str], None]) -> bool:
    if is_current(campaign, step.name, step.inputs(campaign), step.outputs(campaign)):
        said(f"{step.name}: up to date")
        return False
    said(f"{step.name}: {step.run(campaign, progress).line}")
    return True
