"""A campaign from Python: its verbs as methods and its files as DataFrames."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import Struct

from toolkit.api.frames import (
    frame_of,
    path_of,
    records_frame,
)
from toolkit.records import Article
from toolkit.runs import Result, silent
from toolkit.store import Store
from toolkit.workspace import CampaignConfig

if TYPE_CHECKING:
    import pandas as pd


class StepResult(Struct, frozen=True, kw_only=True):
    """What a verb of a campaign did: its facts, and the line that it prints."""

    facts: dict[str, Any]
    line: str

    def to_dict(self) -> dict[str, Any]:
        """The facts."""
        return self.facts

    def __repr__(self) -> str:
        return self.line


def _step_result(result: Result) -> StepResult:
    return StepResult(facts=result.facts(), line=result.line())


class Campaign:
    """A campaign: its verbs as methods, and its files as DataFrames.

    Raises:
        ConfigError: something is wrong with the campaign, its codebook or its targets; a line for each.
        MissingFileError: there is no such file.
    """

    def __init__(self, path: str | Path) -> None:
        from toolkit.steps.check import open_campaign

        self.path = path_of(path)
        self.config: CampaignConfig = open_campaign(self.path)

    def __repr__(self) -> str:
        """The name and the file."""
        return f"Campaign {self.config.name!r} ({self.path})"

    def check(self) -> StepResult:
        """All that is wrong with the campaign and the files it names."""
        from toolkit.steps.check import check_campaign

        return _step_result(check_campaign(self.path))

    def segment(self) -> StepResult:
        """Cut the articles into paragraphs."""
        from toolkit.steps.segment import segment_campaign

        return _step_result(segment_campaign(self.config, silent))

    def plan(self) -> StepResult:
        """Choose the items, pair them with their targets, and fix the test set."""
        from toolkit.steps.plan import plan_campaign

        return _step_result(plan_campaign(self.config))

    def push(self) -> StepResult:
        """Bring the items to Label Studio, each once."""
        from toolkit.steps.push import push_campaign

        return _step_result(push_campaign(self.config, silent))

    def pull(self) -> StepResult:
        """Append the annotators' answers to the ledger."""
        from toolkit.steps.pull import pull_campaign

        return _step_result(pull_campaign(self.config, silent))

    def status(self) -> StepResult:
        """How far the annotation is, by the ledger as it was last pulled."""
        from toolkit.steps.status import status_campaign

        return _step_result(status_campaign(self.config))

    def simulate(self) -> StepResult:
        """Let simulated annotators answer, for a dry run."""
        from toolkit.steps.simulate import simulate_campaign

        return _step_result(simulate_campaign(self.config, silent))

    def agreement(self) -> StepResult:
        """Measure agreement on each question."""
        from toolkit.labels.agreement.questions import AgreementOptions
        from toolkit.steps.agreement import agreement_campaign

        return _step_result(agreement_campaign(self.config, AgreementOptions()))

    def aggregate(self) -> StepResult:
        """Turn the votes into gold labels."""
        from toolkit.steps.aggregate import aggregate_campaign

        return _step_result(aggregate_campaign(self.config))

    def build(self) -> StepResult:
        """Turn gold and votes into a dataset."""
        from toolkit.steps.build import build_campaign

        return _step_result(build_campaign(self.config))

    def card(self) -> StepResult:
        """Write the dataset card."""
        from toolkit.steps.card import card_campaign

        return _step_result(card_campaign(self.config))

    def train(self) -> StepResult:
        """Fit the baselines and score them."""
        from toolkit.steps.train import train_campaign

        return _step_result(train_campaign(self.config))

    def report(self) -> StepResult:
        """Write one offline page about the campaign."""
        from toolkit.steps.report import report_campaign

        return _step_result(report_campaign(self.config))

    def run(self, simulate: bool = False, partial: bool = False) -> StepResult:
        """Run the steps that are not up to date, in order; stop where people have to work.

        Args:
            simulate: simulated annotators answer.
            partial: continue with the votes so far.
        """
        from toolkit.steps.run import RunOptions, run_campaign

        options = RunOptions(simulate=simulate, partial=partial)
        return _step_result(run_campaign(self.config, options, silent, lambda _: None))

    # --- its files ---

    def articles(self) -> "pd.DataFrame":
        """The articles, a row each."""
        from toolkit.articles.reading.reader import read_articles

        return records_frame(read_articles(self.config.article_files), Article)

    def paragraphs(self) -> "pd.DataFrame":
        """The paragraphs that `segment` cut, a row each."""
        return records_frame(Store(self.config).paragraphs)

    def items(self) -> "pd.DataFrame":
        """The items that `plan` chose, a row each."""
        return records_frame(Store(self.config).items.values())

    def annotations(self) -> "pd.DataFrame":
        """The ledger: every state of every annotation, a row each, with a column ``answer_QUESTION`` a question."""
        rows = [dict(msgspec.to_builtins(row)) for row in Store(self.config).annotations]
        names = [question.name for question in self.config.codebook.questions]
        return frame_of([{**row, **{f"answer_{name}": row["answers"].get(name) for name in names}} for row in rows])

    def annotators(self) -> "pd.DataFrame":
        """The annotators, a row each."""
        return records_frame(Store(self.config).annotators.values())

    def gold(self) -> "pd.DataFrame":
        """The gold labels that `aggregate` wrote, a row an item and question."""
        return records_frame(Store(self.config).gold)

    def splits(self) -> "pd.DataFrame":
        """The split of each group of articles, a row each."""
        return records_frame(Store(self.config).splits)
