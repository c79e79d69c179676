"""The verb `report`: one offline page about a campaign."""

from pathlib import Path

from toolkit.baselines.training import ScoresFile
from toolkit.campaigns.sampling import Frame
from toolkit.labels.agreement.questions import AgreementFile
from toolkit.records import Dropped
from toolkit.report.facts import ReportFacts, ReportSources, report_facts
from toolkit.report.page import render_page
from toolkit.runs import Result
from toolkit.splitting.certificate import Certificate
from toolkit.steps.build import build_inputs, build_outputs, read_records
from toolkit.store import Store
from toolkit.studio.state import votes_state
from toolkit.workspace import CampaignConfig

_SOURCES = ("agreement.json", "frame.json", "dropped.jsonl", "assignments.jsonl", "baseline/scores.json")


class ReportResult(Result, frozen=True, kw_only=True):
    """The page that was written."""

    report: str

    def line(self) -> str:
        """The file."""
        return self.report


def report_campaign(campaign: CampaignConfig) -> ReportResult:
    """Write one offline page about a campaign."""
    store = Store(campaign)
    with store.lock():
        store.check_recorded("dataset/data")
        store.write_text("report.html", render_page(read_facts(store)))
        result = ReportResult(report=str(store.path("report.html")))
        return store.record("report", report_inputs(campaign), report_outputs(campaign), result)


def report_inputs(campaign: CampaignConfig) -> list[Path]:
    """The files that the report depends on."""
    return [*build_inputs(campaign), *build_outputs(campaign), *map(campaign.at, _SOURCES)]


def report_outputs(campaign: CampaignConfig) -> list[Path]:
    """The page."""
    return [campaign.at("report.html")]


def read_facts(store: Store) -> ReportFacts:
    """The facts of a campaign's report, read from its files."""
    records = read_records(store)
    return report_facts(
        ReportSources(
            campaign=store.campaign,
            articles=records.articles,
            paragraphs=store.paragraphs,
            clusters=store.clusters,
            dropped=store.rows("dropped.jsonl", Dropped, "segment"),
            frame=store.fact("frame.json", Frame, "plan"),
            items=store.items,
            state=votes_state(store),
            annotations=store.annotations,
            annotators=store.annotators,
            agreement=store.fact("agreement.json", AgreementFile, "aggregate").questions,
            gold=store.gold,
            examples=records.examples,
            certificate=store.optional_fact("dataset/certificate.json", Certificate, "build"),
            scores=store.optional_fact("baseline/scores.json", ScoresFile, "train"),
        )
    )
