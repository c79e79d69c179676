"""What all steps share: the outcome, the record of a run, and the readers of a campaign's files."""

from collections.abc import Collection, Iterable
from pathlib import Path
from typing import Any

from msgspec import Struct

from toolkit.articles.reading.reader import read_articles
from toolkit.campaigns.simulation import simulation_note
from toolkit.files import read_jsonl
from toolkit.labels.ledger import Ledger, settle
from toolkit.records import Annotation, Annotator, Article, Clustered, Gold, Item, Paragraph, Withdrawal
from toolkit.runs import Progress, Result, last_run, silent
from toolkit.store import Store
from toolkit.workspace import CampaignConfig

_BY_FILE = ("push --to", "pull --from")

__all__ = ["Progress", "silent", "simulation_note"]


class Outcome(Struct, frozen=True, kw_only=True):
    """What a step says, before it returns a `Result` of its own."""

    line: str
    facts: dict[str, Any]


class _Recorded(Result, frozen=True, kw_only=True):
    outcome: Outcome

    def facts(self) -> dict[str, Any]:
        return self.outcome.facts


def finish(
    campaign: CampaignConfig, step: str, inputs: Iterable[Path], outputs: Iterable[Path], outcome: Outcome
) -> Outcome:
    """Record a run of a step in ``runs.jsonl`` and hand on its outcome."""
    Store(campaign).record(step, inputs, list(outputs), _Recorded(outcome=outcome))
    return outcome


def is_current(campaign: CampaignConfig, step: str, inputs: Iterable[Path], outputs: Iterable[Path]) -> bool:
    """Whether the last run of a step had these very inputs and left these very outputs, under these versions."""
    return Store(campaign).is_current(step, inputs, outputs)


# --- readers; each names the command that makes what it reads --------------------------------------------------------


def articles_of(campaign: CampaignConfig) -> dict[str, Article]:
    """The articles of a campaign, by id."""
    return {article.id: article for article in read_articles(campaign.article_files)}


def paragraphs_of(campaign: CampaignConfig) -> list[Paragraph]:
    """The paragraphs of a campaign."""
    return read_jsonl(campaign.at("paragraphs.jsonl"), Paragraph, f"stance segment {campaign.path}")


def gold_of(campaign: CampaignConfig) -> list[Gold]:
    """The gold of a campaign."""
    return Store(campaign).gold


def clusters_of(campaign: CampaignConfig) -> list[Clustered]:
    """The near-duplicate articles of a campaign."""
    return read_jsonl(campaign.at("clusters.jsonl"), Clustered, f"stance segment {campaign.path}")


def items_of(campaign: CampaignConfig) -> dict[str, Item]:
    """The items of a campaign, by id, in their order."""
    return {item.id: item for item in read_jsonl(campaign.at("items.jsonl"), Item, f"stance plan {campaign.path}")}


def annotations_of(campaign: CampaignConfig) -> list[Annotation]:
    """The ledger of a campaign: every state of every annotation that was ever seen."""
    return read_jsonl(campaign.at("annotations.jsonl"), Annotation, f"stance pull {campaign.path}")


def ledger_of(campaign: CampaignConfig) -> list[Annotation]:
    """The ledger as `annotations_of` gives it; empty before the first pull."""
    return annotations_of(campaign) if campaign.at("annotations.jsonl").exists() else []


def counted_of(campaign: CampaignConfig, layers: Collection[str] = ("design",)) -> Ledger:
    """The annotations of a campaign that count, labels under their present names, withdrawn items left out.

    Args:
        campaign: whose ledger it is.
        layers: what asked for an answer that counts; see `settle`.
    """
    return settle(annotations_of(campaign), items_of(campaign), campaign.codebook, withdrawn_of(campaign), layers)


def is_without_server(campaign: CampaignConfig) -> bool:
    """Whether the campaign's votes come from files alone: it was never pushed to a server, but written or read so."""
    runs = campaign.at("runs.jsonl")
    return not campaign.at("studio.json").exists() and any(last_run(runs, step) for step in _BY_FILE)


def withdrawn_of(campaign: CampaignConfig) -> frozenset[str]:
    """The items of a campaign that were taken out and not taken back; none where there is no ``withdrawn.jsonl``."""
    path = campaign.at("withdrawn.jsonl")
    last = {row.item_id: row for row in read_jsonl(path, Withdrawal)} if path.exists() else {}
    return frozenset(name for name, row in last.items() if not row.restored)


def annotators_of(campaign: CampaignConfig) -> dict[str, Annotator]:
    """The annotators of a campaign, by pseudonym; a later line stands for an earlier one."""
    path = campaign.at("annotators.jsonl")
    return {row.pseudonym: row for row in read_jsonl(path, Annotator)} if path.exists() else {}
