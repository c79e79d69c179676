"""The verb `run`: all steps in their order; steps that are up to date are skipped, and people's work is waited for."""

from collections.abc import Callable, Sequence
from pathlib import Path

from msgspec import Struct

from toolkit.errors import UsageError
from toolkit.runs import Progress, Result
from toolkit.steps.aggregate import aggregate_campaign, aggregate_inputs, aggregate_outputs
from toolkit.steps.build import build_campaign, build_inputs, build_outputs
from toolkit.steps.card import card_campaign, card_inputs, card_outputs
from toolkit.steps.plan import plan_campaign, plan_inputs, plan_outputs
from toolkit.steps.pull import pull_campaign
from toolkit.steps.push import push_campaign, push_inputs, push_outputs
from toolkit.steps.report import report_campaign, report_inputs, report_outputs
from toolkit.steps.segment import segment_campaign, segment_inputs, segment_outputs
from toolkit.steps.simulate import simulate_campaign
from toolkit.steps.status import waiting_line
from toolkit.steps.train import train_campaign, train_inputs, train_outputs
from toolkit.store import Store
from toolkit.studio.push.items import PushResult
from toolkit.studio.state import campaign_state
from toolkit.workspace import CampaignConfig

Files = Callable[[CampaignConfig], Sequence[Path]]


class RunOptions(Struct, frozen=True, kw_only=True):
    """How far a run goes."""

    simulate: bool  # simulated annotators do people's work
    partial: bool  # go on with the votes that there are


class RunResult(Result, frozen=True, kw_only=True):
    """How far a run came."""

    finished: bool
    open_items: int
    ran: tuple[str, ...]  # steps that were not up to date
    report: str | None  # None where the run stopped before
    next: str  # what comes next; "" where all is done

    def line(self) -> str:
        """The report, or what comes next."""
        return f"done: {self.report}" if self.finished else self.next


class _Step(Struct, frozen=True):
    name: str
    run: Callable[[CampaignConfig, Progress], Result]
    inputs: Files
    outputs: Files


_BEFORE = (
    _Step("segment", segment_campaign, segment_inputs, segment_outputs),
    _Step("plan", lambda campaign, _: plan_campaign(campaign), plan_inputs, plan_outputs),
)
_PUSH = _Step("push", push_campaign, push_inputs, push_outputs)
_AFTER = (
    _Step("aggregate", lambda campaign, _: aggregate_campaign(campaign), aggregate_inputs, aggregate_outputs),
    _Step("build", lambda campaign, _: build_campaign(campaign), build_inputs, build_outputs),
    _Step("train", lambda campaign, _: train_campaign(campaign), train_inputs, train_outputs),
    _Step("card", lambda campaign, _: card_campaign(campaign), card_inputs, card_outputs),
    _Step("report", lambda campaign, _: report_campaign(campaign), report_inputs, report_outputs),
)


class _CampaignRun(Struct, frozen=True, kw_only=True):
    """A run of the steps of one campaign."""

    campaign: CampaignConfig
    options: RunOptions
    progress: Progress
    report: Callable[[str], None]  # takes the line of each step

    def bring_up_to_date(self, step: _Step) -> bool:
        """Run a step unless it is up to date; whether it ran."""
        if Store(self.campaign).is_current(step.name, step.inputs(self.campaign), step.outputs(self.campaign)):
            self.report(f"{step.name}: up to date")
            return False
        self.call(step.name, step.run)
        return True

    def call(self, name: str, step: Callable[[CampaignConfig, Progress], Result]) -> Result:
        """Run a step and report its line."""
        result = step(self.campaign, self.progress)
        self.report(f"{name}: {result.line()}")
        return result

    def fetch_votes(self) -> None:
        """Pull the votes; simulated annotators answer before, where that is asked for, and ties are broken after."""
        self.call("pull", pull_campaign)
        state = campaign_state(Store(self.campaign))
        if self.options.simulate and state.votes < state.asked:
            self.call("simulate", simulate_campaign)
            self.call("pull", pull_campaign)
        if self.campaign.file.studio.tiebreak:
            self.break_ties()

    def break_ties(self) -> None:
        """Push items that have all their votes and no majority to an annotator who has not seen them."""
        pushed = self.call("push", push_campaign)
        if self.options.simulate and isinstance(pushed, PushResult) and pushed.created:
            self.call("simulate", simulate_campaign)
            self.call("pull", pull_campaign)


def run_campaign(
    campaign: CampaignConfig, options: RunOptions, progress: Progress, report: Callable[[str], None]
) -> RunResult:
    """Run the steps that are not up to date, in order; stop where people have to work.

    Args:
        campaign: its steps are run.
        options: how far the run goes.
        progress: of the steps that take long.
        report: takes the line of each step.
    """
    run = _CampaignRun(campaign=campaign, options=options, progress=progress, report=report)
    is_run = {step.name: run.bring_up_to_date(step) for step in _BEFORE}
    if Store(campaign).is_without_server:
        _refuse_simulation(campaign, options)
    else:
        is_run["push"] = run.bring_up_to_date(_PUSH)
        run.fetch_votes()
    state = campaign_state(Store(campaign))
    # A dry run ends with what simulated annotators gave: they skip some, and nobody else is asked.
    is_waiting = not state.votes or not (state.is_complete or options.partial or options.simulate)
    if not is_waiting:
        is_run |= {step.name: run.bring_up_to_date(step) for step in _AFTER}
    return RunResult(
        finished=not is_waiting,
        open_items=state.open_items,
        ran=tuple(name for name, is_new in is_run.items() if is_new),
        report=None if is_waiting else str(campaign.at("report.html")),
        next=waiting_line(Store(campaign), state) if is_waiting else "",
    )


def _refuse_simulation(campaign: CampaignConfig, options: RunOptions) -> None:
    if options.simulate:
        raise UsageError(
            f"{campaign.path}: simulated annotators answer on a server, but the votes of this campaign come from "
            "files; leave out --simulate, or create a project with `stance push`"
        )
